import { latLngToCell } from 'h3-js';
import { edgeOf, NOBODY_DENIED, type DenyEntry, type DenyList } from '#protocol/deny/deny-list';
import { deriveBeacon } from '#protocol/crypto/payload';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import type { Region } from '#protocol/geo/regions';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { epochNumber, millis, type Cell, type EpochNumber, type HotspotKey } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import { Grouper } from '#protocol/verify/grouper';
import type {
  EntropyFact,
  HotspotFacts,
  LoggedReport,
  PocState,
  PocVerdict,
  VerifySignature,
} from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { assertedRegion } from '#protocol/verify/rules/participant';
import { emptyPocState } from '#protocol/verify/state';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeBeacon, encodeWitness, type BeaconFields, type WitnessFields } from '#protocol/wire/encode';
import { toHex } from '#protocol/wire/hex';
import { openReport } from '#protocol/wire/report';

/** 2026-11-01 00:00:00 UTC, a bucket boundary of every interval. */
export const NOON = 1_793_491_200_000;
export const ENTROPY_S = NOON / 1000;
export const EPOCH: EpochNumber = epochNumber(2n);
export const LOG = 'log/a/1';

/** Stands for real signatures: those that begin with 1 are good, for the key that they name in the rest. */
export const verifyMarked: VerifySignature = ({ key, signature }) =>
  signature[0] === 1 && key.startsWith(toHex(signature.subarray(1)));

/** Marks a report as well signed by a key. */
export function markOf(key: HotspotKey): Uint8Array {
  return Uint8Array.of(1, ...Buffer.from(key.slice(0, 12), 'hex'));
}

/** The cell of resolution 12 that holds a place. */
export function cellAt(latitude: number, longitude: number): Cell {
  return parseCell(BigInt(`0x${latLngToCell(latitude, longitude, 12)}`));
}

/** An ed25519 key that is no point: nothing here verifies it. */
export function keyNumber(number: number): HotspotKey {
  return `01${number.toString(16).padStart(8, '0')}${'5a'.repeat(28)}` as HotspotKey;
}

/** A deny list of keys. */
export function denyKeys(keys: readonly HotspotKey[], from: number): DenyList {
  return { keys: new Map(keys.map((key) => [key, { from, reason: 'keeper' }])), edges: new Map() };
}

/** A deny list of pairs. */
export function denyEdges(pairs: readonly (readonly [HotspotKey, HotspotKey])[], from: number): DenyList {
  const edges = pairs.map(([a, b]): [string, DenyEntry] => [edgeOf(a, b), { from, reason: 'keeper' }]);
  return { keys: new Map(), edges: new Map(edges) };
}

/** A full, endorsed, active hotspot of long standing near Berlin, `metres` east of the reference point. */
export function hotspot(
  number: number,
  of: Partial<HotspotFacts> & { readonly metres?: number } = {},
): HotspotFacts {
  const { metres = 0, ...facts } = of;
  const cell = facts.cell === undefined ? cellAt(52.5, 13 + metres / 67_692) : facts.cell;
  const centre = cell === null ? { latitude: 0, longitude: 0 } : cellCentre(cell);
  return {
    key: keyNumber(number),
    mode: 'full',
    status: 'active',
    tier: 'endorsed',
    gain: 12,
    elevation: 0,
    registeredAt: 1_700_000_000,
    ...centre,
    ...facts,
    cell,
  };
}

export interface At {
  readonly at: number;
  readonly index?: number;
  readonly origin?: string;
  readonly signer?: HotspotKey | null;
  readonly signature?: Uint8Array;
}

/** A network of hotspots that were all heard and valid witnesses an hour before noon; entropies of the minutes from noon on. */
export class PocWorld {
  readonly registry: Map<HotspotKey, HotspotFacts>;
  readonly entropies: Map<string, EntropyFact>;
  readonly state: PocState = emptyPocState();
  policy: Policy;
  deny: DenyList = NOBODY_DENIED;
  epoch: EpochNumber = EPOCH;
  regionOf: (facts: HotspotFacts) => Region | null = assertedRegion;
  #nextIndex = 0;

  constructor(hotspots: readonly HotspotFacts[], policy: Partial<Policy> = {}, minutes = 1) {
    this.registry = new Map(hotspots.map((facts) => [facts.key, facts]));
    this.policy = { ...DEFAULT_POLICY, ...policy };
    this.entropies = new Map(Array.from({ length: minutes }, (_, minute) => entropyOf(minute)));
    const hourAgo = millis(NOON - 3_600_000);
    for (const key of this.registry.keys())
      this.state.clocks.set(key, { lastBeacon: null, lastBeaconRecip: hourAgo, lastWitness: hourAgo });
  }

  /** What the hotspot has to send, with any field changed; `seed` makes another payload. */
  beacon(
    from: HotspotFacts,
    of: At & {
      readonly seed?: number;
      readonly minute?: number;
      readonly region?: Region;
    } & Partial<BeaconFields>,
  ): LoggedReport {
    const {
      at,
      index,
      origin,
      signer,
      signature = markOf(from.key),
      seed = 0,
      minute = 0,
      region = 'EU868',
      ...fields
    } = of;
    const localEntropy = fields.localEntropy ?? Uint8Array.of(seed, seed >> 8, 7, 7);
    const derived = deriveBeacon({
      remote: { data: remoteOf(minute), timestamp: ENTROPY_S + 60 * minute, version: 0 },
      local: { data: localEntropy, timestamp: 0, version: 0 },
      region,
      gain: from.gain,
    });
    const bytes = encodeBeacon({
      key: from.key,
      localEntropy,
      remoteEntropy: remoteOf(minute),
      data: derived.data,
      frequency: derived.frequency,
      channel: 0,
      datarate: dataRateNumber(derived.datarate),
      txPower: derived.txPower,
      timestamp: BigInt(at) * 1_000_000n,
      tmst: 1,
      ...fields,
      signature,
    });
    return this.#logged(openReport('beacon', bytes), { at, index, origin, signer });
  }

  /** What a witness of a beacon sends, 60 dB below the bound or so. */
  witness(by: HotspotFacts, of: LoggedReport, how: At & Partial<WitnessFields>): LoggedReport {
    const { at, index, origin, signer, signature = markOf(by.key), ...fields } = how;
    const bytes = encodeWitness({
      key: by.key,
      data: of.report.data,
      timestamp: BigInt(at) * 1_000_000n,
      tmst: 1,
      signal: -1200,
      snr: 50,
      frequency: of.report.frequency,
      datarate: of.report.datarate,
      ...fields,
      signature,
    });
    return this.#logged(openReport('witness', bytes), { at, index, origin, signer });
  }

  /** Groups, checks and advances reports in order of position. */
  judge(...reports: readonly LoggedReport[]): readonly PocVerdict[] {
    const grouper = new Grouper({ verify: verifyMarked, windows: this.policy.windows });
    const sorted = [...reports].sort((a, b) => comparePositions(a.position, b.position));
    for (const report of sorted) grouper.push(report);
    return grouper.flush().map((group) => this.judgeGroup(group));
  }

  judgeGroup(group: Parameters<typeof checkPoc>[0]['group']): PocVerdict {
    const { registry, policy, deny, epoch, entropies, state, regionOf } = this;
    const checked = checkPoc({
      group,
      registry,
      policy,
      deny,
      epoch,
      entropies,
      verify: verifyMarked,
      regionOf,
    });
    // As it crosses a queue.
    const crossed = JSON.parse(JSON.stringify(checked)) as typeof checked;
    return advance({ state, checked: crossed, policy, epoch });
  }

  #logged(
    report: LoggedReport['report'],
    of: {
      at: number;
      index: number | undefined;
      origin: string | undefined;
      signer: HotspotKey | null | undefined;
    },
  ): LoggedReport {
    const index = of.index ?? this.#nextIndex;
    this.#nextIndex = Math.max(this.#nextIndex, index) + 1;
    const position = { receivedAt: millis(of.at), origin: of.origin ?? LOG, index };
    return { position, report, signer: of.signer === undefined ? report.key : of.signer };
  }
}

function remoteOf(minute: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => at + 1 + minute);
}

function entropyOf(minute: number): [string, EntropyFact] {
  const data = toHex(remoteOf(minute));
  const timestamp = ENTROPY_S + 60 * minute;
  return [data, { data, timestamp, version: 0, receivedAt: millis(timestamp * 1000) }];
}
