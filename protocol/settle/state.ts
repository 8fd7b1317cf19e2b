import { emptyPocState } from '../verify/state.ts';
import {
  amount,
  epochNumber,
  millis,
  type Amount,
  type EpochNumber,
  type Hash,
  type HotspotKey,
  type Millis,
} from '../units.ts';
import type { Clocks, EntropyFact, PocState, RecentPoc } from '../verify/poc.ts';
import { TableReader, TableWriter } from './bytes/byte-table.ts';
import { taggedHash } from './bytes/hashes.ts';
import { leafKey, type LeafKey } from './leaf.ts';

/** What an epoch leaves to the next one (chain.md, "Bytes"); amounts of zero are not kept. */
export interface EpochState {
  readonly poc: PocState;
  /** Everything that became payable so far. */
  readonly cumulative: ReadonlyMap<LeafKey, Amount>;
  /** Amounts that are held back, by the epoch that earned them; all but those for data transfer. */
  readonly pending: PendingAmounts;
  /** What is held back of amounts for data transfer, which denied hotspots keep (poc.md 5). */
  readonly pendingData: PendingAmounts;
  /** Data credits settled so far, by owner in hex (32 bytes). */
  readonly settledCredits: ReadonlyMap<string, bigint>;
}

/** By the epoch that earned them. */
export type PendingAmounts = ReadonlyMap<EpochNumber, ReadonlyMap<LeafKey, Amount>>;

const VERSION = 1;
/** That of a state with pending amounts for data, which follow everything else. */
const VERSION_WITH_DATA = 2;

/** The state before a network's first epoch. */
export function emptyState(): EpochState {
  return {
    poc: emptyPocState(),
    cumulative: new Map(),
    pending: new Map(),
    pendingData: new Map(),
    settledCredits: new Map(),
  };
}

/** The canonical bytes of docs/formats.md, every table in ascending order. */
export function stateBytes(state: EpochState): Uint8Array {
  const pendingData = withAmounts(state.pendingData);
  const writer = new TableWriter().u8(pendingData.length === 0 ? VERSION : VERSION_WITH_DATA);
  const clocks = ascending(state.poc.clocks).filter(([, of]) => isSet(of));
  writer.u32(clocks.length);
  for (const [key, of] of clocks) writeClocks(writer.hex(key, 33), of);
  writeAmounts(writer, state.cumulative);
  writePending(writer, withAmounts(state.pending));
  const credits = ascending(state.settledCredits);
  writer.u32(credits.length);
  for (const [owner, total] of credits) writer.hex(owner, 32).u64(total);
  writer.u32(state.poc.entropies.size);
  for (const [, entropy] of ascending(state.poc.entropies))
    writer
      .hex(entropy.data, 32)
      .u64(BigInt(entropy.timestamp))
      .u32(entropy.version)
      .u64(BigInt(entropy.receivedAt));
  writer.u32(state.poc.recent.size);
  for (const [, recent] of ascending(state.poc.recent)) {
    const length = recent.payload.length / 2;
    writer.u16(length).hex(recent.payload, length).hex(recent.reportId, 32).u64(BigInt(recent.receivedAt));
    writer.u32(recent.seen.size);
    for (const id of recent.seen) writer.hex(id, 32);
  }
  if (pendingData.length > 0) writePending(writer, pendingData);
  return writer.finish();
}

/** Inverse of `stateBytes`; malformed_state for anything that it would not have written. */
export function openState(bytes: Uint8Array): EpochState {
  const reader = new TableReader(bytes, 'malformed_state');
  const version = reader.u8();
  if (version !== VERSION && version !== VERSION_WITH_DATA)
    throw reader.error({ expected: `version ${VERSION} or ${VERSION_WITH_DATA}`, version });
  const clocks = readMap(reader, {
    width: 58,
    key: () => reader.hex(33) as HotspotKey,
    value: () => readClocks(reader),
  });
  const cumulative = readAmounts(reader);
  const pending = readPending(reader);
  const settledCredits = readMap(reader, { width: 40, key: () => reader.hex(32), value: () => reader.u64() });
  const entropies = readMap(reader, {
    width: 52,
    key: () => reader.hex(32),
    value: (data) => readEntropy(reader, data),
  });
  const recent = readMap(reader, {
    width: 46,
    key: () => reader.hex(reader.u16()),
    value: (payload) => readRecent(reader, payload),
  });
  const pendingData: PendingAmounts = version === VERSION_WITH_DATA ? readPending(reader) : new Map();
  if (version === VERSION_WITH_DATA && pendingData.size === 0)
    throw reader.error({ expected: 'pending amounts for data' });
  reader.finish();
  return { poc: { clocks, entropies, recent }, cumulative, pending, pendingData, settledCredits };
}

/** state_hash of the tuple. */
export function stateHash(bytes: Uint8Array): Hash {
  return taggedHash('state', bytes);
}

function isSet(clocks: Clocks): boolean {
  return clocks.lastBeacon !== null || clocks.lastBeaconRecip !== null || clocks.lastWitness !== null;
}

/** A byte of presence bits (1, 2, 4), then three u64, 0 where the clock never moved. */
function writeClocks(writer: TableWriter, clocks: Clocks): void {
  const times = [clocks.lastBeacon, clocks.lastBeaconRecip, clocks.lastWitness];
  writer.u8(times.reduce((bits, time, at) => bits | (time === null ? 0 : 1 << at), 0));
  for (const time of times) writer.u64(BigInt(time ?? 0));
}

function readClocks(reader: TableReader): Clocks {
  const present = reader.u8();
  if (present === 0 || present > 7) throw reader.error({ expected: 'presence bits 1 to 7', present });
  const clock = (bit: number): Millis | null => {
    const time = reader.safe();
    if ((present & bit) !== 0) return millis(time);
    if (time !== 0) throw reader.error({ expected: 'no time for an absent clock', time });
    return null;
  };
  return { lastBeacon: clock(1), lastBeaconRecip: clock(2), lastWitness: clock(4) };
}

function readEntropy(reader: TableReader, data: string): EntropyFact {
  return { data, timestamp: reader.safe(), version: reader.u32(), receivedAt: millis(reader.safe()) };
}

function readRecent(reader: TableReader, payload: string): RecentPoc {
  const reportId = reader.hex(32) as Hash;
  const receivedAt = millis(reader.safe());
  const count = reader.count(32);
  const seen = new Set(Array.from({ length: count }, () => reader.hex(32) as Hash));
  if (seen.size < count || seen.has(reportId)) throw reader.error({ expected: 'each report once', payload });
  return { payload, reportId, receivedAt, seen };
}

/** In order; epochs without amounts are not kept. */
function withAmounts(pending: PendingAmounts): [EpochNumber, ReadonlyMap<LeafKey, Amount>][] {
  return [...pending].filter(([, amounts]) => amounts.size > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

function writePending(writer: TableWriter, pending: ReturnType<typeof withAmounts>): void {
  writer.u32(pending.length);
  for (const [epoch, amounts] of pending) writeAmounts(writer.u64(epoch), amounts);
}

function readPending(reader: TableReader): PendingAmounts {
  const pending = new Map<EpochNumber, ReadonlyMap<LeafKey, Amount>>();
  let lastEpoch = -1n;
  for (let left = reader.count(12); left > 0; left -= 1) {
    const epoch = epochNumber(reader.u64());
    if (epoch <= lastEpoch) throw reader.error({ expected: 'ascending epochs', epoch });
    lastEpoch = epoch;
    const amounts = readAmounts(reader);
    if (amounts.size === 0) throw reader.error({ expected: 'pending amounts', epoch });
    pending.set(epoch, amounts);
  }
  return pending;
}

function writeAmounts(writer: TableWriter, amounts: ReadonlyMap<LeafKey, Amount>): void {
  writer.u32(amounts.size);
  for (const [key, value] of ascending(amounts)) {
    if (value === 0n) throw new RangeError(`expected no zero amount, got one of ${key}`);
    writer.hex(key, 33).u64(value);
  }
}

function readAmounts(reader: TableReader): Map<LeafKey, Amount> {
  return readMap(reader, {
    width: 41,
    key: () => readLeafKey(reader),
    value: () => {
      const value = reader.u64();
      if (value === 0n) throw reader.error({ expected: 'an amount above 0' });
      return amount(value);
    },
  });
}

function readLeafKey(reader: TableReader): LeafKey {
  const key = reader.hex(33);
  try {
    return leafKey(key);
  } catch {
    throw reader.error({ expected: 'a key type 00, 01 or 20', key });
  }
}

function readMap<Key extends string, Value>(
  reader: TableReader,
  row: { readonly width: number; readonly key: () => Key; readonly value: (key: Key) => Value },
): Map<Key, Value> {
  const map = new Map<Key, Value>();
  let last: Key | null = null;
  for (let left = reader.count(row.width); left > 0; left -= 1) {
    const key = row.key();
    if (last !== null && key <= last) throw reader.error({ expected: 'ascending keys', key });
    last = key;
    map.set(key, row.value(key));
  }
  return map;
}

function ascending<Key extends string, Value>(map: ReadonlyMap<Key, Value>): [Key, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
