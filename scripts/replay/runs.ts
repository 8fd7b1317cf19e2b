import { base58, hex } from '@scure/base';
import { computeEpoch, type EpochInput, type EpochResult } from '#protocol/epoch';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { CompactRange, leafHash } from '#protocol/evidence/merkle';
import { encodeRecord, type EvidenceBody } from '#protocol/evidence/record';
import { regionOf, type Region } from '#protocol/geo/regions';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { EMPTY_ROOT } from '#protocol/settle/bytes/hashes';
import { factsAt, type RegistryTable } from '#protocol/settle/registry';
import { emptyState, stateBytes, stateHash, type EpochState } from '#protocol/settle/state';
import { GENESIS_PARENT, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, millis, type Address, type HotspotKey, type Millis } from '#protocol/units';
import { clocksOf } from '#protocol/verify/state';
import { keyFromText } from '#protocol/wire/key';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import { readFixture, readVectors, reportsOfRun, sessionsOfRun } from './vectors.ts';

interface Fixture {
  readonly registered_s: number;
  readonly beacon_interval_s: number;
  readonly emission: string;
  readonly runs: readonly {
    readonly run: string;
    readonly place: string;
    readonly start: number;
    readonly end: number;
    readonly last_valid_ms: number;
    readonly hotspots: readonly {
      readonly key: string;
      readonly cell: string;
      readonly gain: number;
      readonly tier: 'open' | 'endorsed' | 'bonded';
    }[];
  }[];
}

export interface ReplayRecord {
  readonly receivedAt: Millis;
  readonly body: EvidenceBody;
}

/** One run of real hotspots as a network of its own: its log, and all that an epoch is computed from. */
export interface ReplayRun {
  readonly run: string;
  readonly place: string;
  readonly region: Region | null;
  /** The log in order, up to the close of the epoch. */
  readonly records: readonly ReplayRecord[];
  readonly input: Omit<EpochInput, 'evidence'>;
}

/** The replayed epoch: reciprocity is asked for. */
const EPOCH = epochNumber(2n);
const CREDIT_PRICE = 3_590_000n;

/** The runs of gateway-rs.json, each with what replay.json adds. */
export function openRuns(): readonly ReplayRun[] {
  const vectors = readVectors();
  const fixture = readFixture('replay.json') as Fixture;
  const entropies = new Map(vectors.poc.map(({ entropy }) => [entropy.data, entropy]));
  for (const { id, raw } of vectors.server_messages) {
    if (!id.endsWith('/entropy_response')) continue;
    // entropy_report_v1 { 1 data 32 bytes, 2 timestamp }: field 2 fills the rest, version 0 is absent.
    const bytes = hex.decode(raw);
    const data = hex.encode(bytes.subarray(2, 34));
    let timestamp = 0;
    for (const byte of bytes.subarray(35).toReversed()) timestamp = timestamp * 128 + (byte & 0x7f);
    entropies.set(data, { data, timestamp, version: 0 });
  }
  return fixture.runs.map((run) => {
    const policy = policyOf(fixture, run.run);
    const registry = registryOf(fixture, run);
    const state = stateOf(registry, millis(run.last_valid_ms));
    const records = recordsOf({ vectors, run, entropies, policy });
    const [first] = registry.hotspots.values();
    const cell = first?.cell ?? null;
    return {
      run: run.run,
      place: run.place,
      region: cell === null ? null : regionOf(cell),
      records,
      input: {
        facts: {
          network: networkOf(run.run),
          epoch: EPOCH,
          start: run.start,
          end: run.end,
          emission: amount(BigInt(fixture.emission)),
          holdback: 0,
          creditPrice: CREDIT_PRICE,
          operations: networkOf('operations'),
        },
        parent: parentOf(networkOf(run.run), state),
        registry,
        policy,
        denyFile: null,
        state,
        verify: verifySignature,
      },
    };
  });
}

/** Seals the records as a log's evidence and computes the epoch, as every oracle does. */
export function computeRun(run: ReplayRun, records: readonly ReplayRecord[] = run.records): EpochResult {
  return computeEpoch({ ...run.input, evidence: [sealedEvidence(run, records)] });
}

/** The whole log with its root. */
export function sealedEvidence(run: ReplayRun, records: readonly ReplayRecord[]): SealedEvidence {
  const entries = records.map(encodeRecord);
  const range = new CompactRange();
  for (const entry of entries) range.append(leafHash(entry));
  const [log] = run.input.policy.logs;
  return {
    origin: log?.origin ?? '',
    from: 0,
    left: [],
    entries,
    size: entries.length,
    root: range.root(),
    sessions: [],
  };
}

function recordsOf(of: {
  readonly vectors: ReturnType<typeof readVectors>;
  readonly run: Fixture['runs'][number];
  readonly entropies: ReadonlyMap<string, { readonly timestamp: number; readonly version: number }>;
  readonly policy: Policy;
}): ReplayRecord[] {
  const { vectors, run, entropies, policy } = of;
  const reports = reportsOfRun(vectors, run.run);
  const unsorted: ReplayRecord[] = [];
  const named = reports.flatMap(({ kind, raw }) =>
    kind === 'beacon' ? [hex.encode(openReport(kind, hex.decode(raw)).remoteEntropy)] : [],
  );
  for (const data of new Set(named)) {
    const entropy = entropies.get(data);
    if (entropy === undefined) throw new Error(`gateway-rs.json has no entropy ${data}`);
    const { timestamp, version } = entropy;
    // Its slot and blockhash were not recorded.
    const body = {
      kind: 'entropy',
      data: hex.decode(data),
      timestamp,
      version,
      slot: 0n,
      blockhash: new Uint8Array(32),
    } as const;
    unsorted.push({ receivedAt: millis(timestamp * 1000), body });
  }
  for (const { raw, receivedAt } of sessionsOfRun(vectors, run.run)) {
    const init = hex.decode(raw);
    const { nonce } = openSessionInit(init);
    unsorted.push({ receivedAt: millis(receivedAt), body: { kind: 'session_init', nonce, init } });
  }
  for (const { kind, raw, receivedAt, session } of reports)
    unsorted.push({
      receivedAt: millis(receivedAt),
      body: { kind, report: hex.decode(raw), session: session ? 0 : null },
    });
  const sorted = unsorted.sort((a, b) => a.receivedAt - b.receivedAt);
  const close = millis(run.end * 1000 + policy.grace_ms);
  return [...linkSessions(sorted), { receivedAt: close, body: { kind: 'epoch_close', epoch: EPOCH } }];
}

/** Points each report of a stream to the latest session_init of its gateway in the log. */
function linkSessions(records: readonly ReplayRecord[]): ReplayRecord[] {
  const latest = new Map<HotspotKey, number>();
  return records.map(({ receivedAt, body }, index) => {
    if (body.kind === 'session_init') latest.set(openSessionInit(body.init).key, index);
    if (body.kind !== 'beacon' && body.kind !== 'witness') return { receivedAt, body };
    const { key } =
      body.kind === 'beacon' ? openReport('beacon', body.report) : openReport('witness', body.report);
    const session = body.session === null ? null : (latest.get(key) ?? null);
    return { receivedAt, body: { ...body, session } };
  });
}

function policyOf(fixture: Fixture, run: string): Policy {
  return {
    ...DEFAULT_POLICY,
    beacon_interval_s: fixture.beacon_interval_s,
    holdback: 0,
    credit_price: String(CREDIT_PRICE),
    logs: [{ origin: `replay/${networkOf(run)}/1`, vkey: '', url: '' }],
  };
}

function registryOf(fixture: Fixture, run: Fixture['runs'][number]): RegistryTable {
  const hotspots = run.hotspots.map(({ key, cell, gain, tier }) => {
    const timed = <Value>(value: Value) => ({ current: value, next: value, nextFrom: EPOCH });
    return factsAt(
      {
        key: keyFromText(key),
        registeredAt: fixture.registered_s,
        status: timed('active'),
        tier: timed(tier),
        location: timed({ cell: BigInt(cell), gain, elevation: 10, mode: 'full' }),
      },
      EPOCH,
    );
  });
  return {
    keyNetwork: 'mainnet',
    hotspots: new Map(hotspots.map((facts) => [facts.key, facts])),
    credits: [],
    voters: [networkOf('oracle 1'), networkOf('oracle 2')],
  };
}

/** Everybody was a valid witness and was heard before; nobody has beaconed in this interval. */
function stateOf(registry: RegistryTable, lastValid: Millis): EpochState {
  const state = emptyState();
  for (const key of registry.hotspots.keys())
    state.poc.clocks.set(key, {
      ...clocksOf(state.poc, key),
      lastBeaconRecip: lastValid,
      lastWitness: lastValid,
    });
  return state;
}

/** Stands for the tuple of the epoch before, which left this state. */
function parentOf(network: Address, state: EpochState): Tuple {
  return {
    network,
    epoch: epochNumber(EPOCH - 1n),
    parentTupleHash: GENESIS_PARENT,
    root: GENESIS_PARENT,
    leafCount: 0,
    cumulativeTotal: amount(0n),
    creditsRoot: EMPTY_ROOT,
    creditsCount: 0,
    evidenceHash: GENESIS_PARENT,
    registryHash: GENESIS_PARENT,
    policyHash: GENESIS_PARENT,
    stateHash: stateHash(stateBytes(state)),
  };
}

/** An address that names itself: 32 bytes of the text. */
function networkOf(name: string): Address {
  const bytes = new Uint8Array(32);
  bytes.set(Buffer.from(`replay ${name}`));
  return base58.encode(bytes) as Address;
}
