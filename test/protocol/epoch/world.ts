import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import { entropyData } from '#protocol/crypto/entropy';
import { pointY } from '#protocol/crypto/p256-point';
import { deriveBeacon, type DerivedBeacon } from '#protocol/crypto/payload';
import { computeEpoch, type ComputedEpoch, type EpochFacts, type EpochInput } from '#protocol/epoch';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import type { RegistryTable } from '#protocol/settle/registry';
import type { EpochState } from '#protocol/settle/state';
import type { Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type HotspotKey } from '#protocol/units';
import type { HotspotFacts } from '#protocol/verify/poc';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeBeacon, encodeSessionInit, encodeWitness } from '#protocol/wire/encode';
import { keyType, parseKey, type KeyType } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { latLngToCell } from 'h3-js';
import { TestLog, type LogEvent } from './log.ts';

/** A keypair with a name; all secrets of tests are hashes of names. */
export interface TestKey {
  readonly key: HotspotKey;
  readonly secret: Uint8Array;
}

export interface TestHotspot extends TestKey {
  readonly facts: HotspotFacts;
}

/** Unix seconds at which epoch 0 of every test network starts. */
export const GENESIS = 1_780_272_000;
export const EPOCH_S = 60;
export const EMISSION = 1_000_000_000_000n;

export function testAddress(name: string): Address {
  return base58.encode(sha256(utf8ToBytes(name))) as Address;
}

export function testKey(name: string, type: KeyType = 'ed25519'): TestKey {
  const secret = sha256(utf8ToBytes(`test key ${name}`));
  if (type === 'ed25519') return { secret, key: parseKey(Uint8Array.of(1, ...ed25519.getPublicKey(secret))) };
  const body = p256.getPublicKey(secret).subarray(1);
  // The compact form stands for the smaller y: where the key has the other one, its opposite is taken.
  const { y } = p256.Point.fromBytes(p256.getPublicKey(secret)).toAffine();
  const scalars = p256.Point.Fn;
  const isSmaller = pointY(body) === y;
  const opposite = scalars.toBytes(scalars.ORDER - scalars.fromBytes(secret));
  return { key: parseKey(Uint8Array.of(0, ...body)), secret: isSmaller ? secret : opposite };
}

/** By the curve of the key, in the form of reports. */
function signed({ key, secret }: TestKey, message: Uint8Array): Uint8Array {
  if (keyType(key) === 'ed25519') return ed25519.sign(message, secret);
  return p256.sign(message, secret, { format: 'der', lowS: false });
}

/** A hotspot on a grid of 1.6 km around a place in EU868. */
export function testHotspot(
  name: string,
  place: number,
  facts: Partial<HotspotFacts> = {},
  type: KeyType = 'ed25519',
): TestHotspot {
  const { key, secret } = testKey(name, type);
  const [row, column] = [Math.floor(place / 8), place % 8];
  const cell = parseCell(BigInt(`0x${latLngToCell(52.5 + row * 0.0145, 13.4 + column * 0.0237, 12)}`));
  const defaults: HotspotFacts = {
    key,
    mode: 'full',
    status: 'active',
    tier: 'endorsed',
    cell,
    ...cellCentre(cell),
    gain: 12,
    elevation: 10,
    registeredAt: GENESIS - 100,
  };
  return { key, secret, facts: { ...defaults, ...facts } };
}

/** The result of an epoch that is not empty. */
export function computed(input: EpochInput): ComputedEpoch {
  const result = computeEpoch(input);
  if (result.kind !== 'computed') throw new Error(`epoch ${input.facts.epoch} is empty`);
  return result;
}

/** A block of the chain, of which an entropy can be made. */
export interface TestBlock {
  readonly slot: bigint;
  readonly blockhash: Uint8Array;
  /** Seconds. */
  readonly time: number;
}

/** A network of hotspots that report into logs, epoch after epoch. */
export class TestWorld {
  readonly network: Address = testAddress('network');
  readonly operations: Address = testAddress('operations');
  readonly hotspots: readonly TestHotspot[];
  readonly logs: readonly TestLog[];
  readonly policy: Policy;
  readonly #block: TestBlock | null;

  constructor(input: {
    readonly hotspots: readonly TestHotspot[];
    readonly policy?: Partial<Policy>;
    readonly logs?: number;
    readonly epochs: number;
    /** Of which all entropies are made; by default they are made up. */
    readonly block?: TestBlock;
  }) {
    this.#block = input.block ?? null;
    this.hotspots = input.hotspots;
    const origins = Array.from({ length: input.logs ?? 1 }, (_, at) => `test/${this.network}/${at}`);
    this.logs = origins.map((origin) => new TestLog(origin));
    this.policy = {
      ...DEFAULT_POLICY,
      beacon_interval_s: 10,
      holdback: 0,
      logs: origins.map((origin) => ({
        origin,
        vkey: `${origin}+00000000+AQ==`,
        url: 'http://127.0.0.1/log',
      })),
      ...input.policy,
    };
    for (let epoch = 0; epoch < input.epochs; epoch += 1)
      for (const log of this.logs)
        log.add({
          receivedAt: this.facts(epoch).end * 1000 + this.policy.grace_ms,
          body: { kind: 'epoch_close', epoch: epochNumber(BigInt(epoch)) },
        });
  }

  facts(epoch: number): EpochFacts {
    const start = GENESIS + epoch * EPOCH_S;
    return {
      network: this.network,
      epoch: epochNumber(BigInt(epoch)),
      start,
      end: start + EPOCH_S,
      emission: amount(EMISSION),
      holdback: this.policy.holdback,
      creditPrice: BigInt(this.policy.credit_price),
      operations: this.operations,
    };
  }

  registry(voters: readonly Address[] = []): RegistryTable {
    const hotspots = new Map(this.hotspots.map(({ key, facts }) => [key, facts]));
    return { keyNetwork: 'mainnet', hotspots, credits: [], voters };
  }

  input(
    epoch: number,
    before: {
      readonly state: EpochState;
      readonly parent: Tuple | null;
      readonly voters?: readonly Address[];
    },
  ): EpochInput {
    const facts = this.facts(epoch);
    return {
      facts,
      parent: before.parent,
      evidence: this.logs.map((log) => log.seal(facts)),
      registry: this.registry(before.voters),
      policy: this.policy,
      denyFile: null,
      state: before.state,
      verify: verifySignature,
    };
  }

  /** A beacon at a time (ms) and reports of its witnesses, `lag` ms after it each. */
  poc(input: {
    readonly beaconer: TestHotspot;
    readonly witnesses: readonly TestHotspot[];
    readonly at: number;
    readonly lag?: number;
    readonly log?: number;
  }): {
    readonly beacon: LogEvent;
    readonly witnesses: readonly LogEvent[];
    readonly derived: DerivedBeacon;
  } {
    const { beaconer, at, lag = 300 } = input;
    const { derived, local, remote } = this.derive(beaconer, at);
    const beacon = this.log(input.log).add({
      receivedAt: at,
      body: { kind: 'beacon', report: signedBeacon(beaconer, { derived, local, remote }), session: null },
    });
    const witnesses = input.witnesses.map((witness, order) =>
      this.witness({
        witness,
        derived,
        at: at + lag + order,
        ...(input.log === undefined ? {} : { log: input.log }),
      }),
    );
    return { beacon, witnesses, derived };
  }

  witness(input: {
    readonly witness: TestHotspot;
    readonly derived: DerivedBeacon;
    readonly at: number;
    readonly log?: number;
  }): LogEvent {
    const { witness, derived, at } = input;
    const report = signedWitness(witness, { derived, at });
    return this.log(input.log).add({ receivedAt: at, body: { kind: 'witness', report, session: null } });
  }

  /** Everybody beacons once in an epoch and is witnessed by all others. */
  busyEpoch(epoch: number, hotspots: readonly TestHotspot[] = this.hotspots): void {
    for (const [order, beaconer] of hotspots.entries())
      this.poc({
        beaconer,
        witnesses: hotspots.filter((other) => other !== beaconer),
        at: this.facts(epoch).start * 1000 + 5000 + order * 1500,
        log: order % this.logs.length,
      });
  }

  /** Somebody else's payload, signed as one's own. */
  copy(input: {
    readonly thief: TestHotspot;
    readonly derived: DerivedBeacon;
    readonly at: number;
  }): LogEvent {
    const { local, remote } = this.derive(input.thief, input.at);
    const report = signedBeacon(input.thief, { derived: input.derived, local, remote });
    return this.log().add({ receivedAt: input.at, body: { kind: 'beacon', report, session: null } });
  }

  /** What a hotspot has to send at a time; the entropy is logged at the start of its minute, or with its block. */
  derive(
    beaconer: TestHotspot,
    at: number,
  ): { readonly derived: DerivedBeacon; readonly local: Uint8Array; readonly remote: Uint8Array } {
    const timestamp = this.#block?.time ?? Math.floor(at / 60_000) * 60;
    const made = sha256(utf8ToBytes(`entropy ${timestamp}`));
    const { slot, blockhash } = this.#block ?? { slot: BigInt(timestamp), blockhash: made };
    const remote = entropyData({ timestamp, blockhash });
    for (const log of this.logs)
      log.add({
        receivedAt: timestamp * 1000,
        body: {
          kind: 'entropy',
          data: remote,
          timestamp,
          version: 0,
          slot,
          blockhash,
        },
      });
    const local = sha256(utf8ToBytes(`local ${beaconer.key} ${at}`)).slice(0, 4);
    const derived = deriveBeacon({
      remote: { data: remote, timestamp, version: 0 },
      local: { data: local, timestamp: 0, version: 0 },
      region: 'EU868',
      gain: beaconer.facts.gain,
    });
    return { derived, local, remote };
  }

  log(at = 0): TestLog {
    const log = this.logs[at];
    if (log === undefined) throw new RangeError(`no log ${at}`);
    return log;
  }
}

function signedBeacon(
  hotspot: TestKey,
  of: { readonly derived: DerivedBeacon; readonly local: Uint8Array; readonly remote: Uint8Array },
): Uint8Array {
  const { data, channel, frequency, datarate, txPower } = of.derived;
  const fields = {
    key: hotspot.key,
    localEntropy: of.local,
    remoteEntropy: of.remote,
    data,
    frequency,
    channel,
    datarate: dataRateNumber(datarate),
    txPower,
    timestamp: 1n,
    tmst: 1,
  };
  return encodeBeacon({ ...fields, signature: signed(hotspot, encodeBeacon(fields)) });
}

/** A witness report signed by the hotspot, or by a session key in its name. */
export function signedWitness(
  hotspot: TestKey,
  {
    derived,
    at,
    signer = hotspot,
  }: { readonly derived: DerivedBeacon; readonly at: number; readonly signer?: TestKey },
): Uint8Array {
  const fields = {
    key: hotspot.key,
    data: derived.data,
    timestamp: 1n,
    // Reports at other times are other reports.
    tmst: at % 1_000_000_000,
    signal: -1300,
    snr: 10,
    frequency: derived.frequency,
    datarate: dataRateNumber(derived.datarate),
  };
  return encodeWitness({ ...fields, signature: signed(signer, encodeWitness(fields)) });
}

/** A session_init of a hotspot for a session key, as it stands in the evidence. */
export function sessionInit(hotspot: TestKey, session: TestKey, nonce: Uint8Array): Uint8Array {
  const fields = { key: hotspot.key, nonce, sessionKey: session.key };
  return encodeSessionInit({ ...fields, signature: ed25519.sign(encodeSessionInit(fields), hotspot.secret) });
}
