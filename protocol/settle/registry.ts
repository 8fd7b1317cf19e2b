import { base58, hex } from '@scure/base';
import { cellCentre, parseCell } from '../geo/cell.ts';
import type { Address, Cell, EpochNumber, Hash, HotspotKey } from '../units.ts';
import type { HotspotFacts, Registry } from '../verify/poc.ts';
import { TableReader, TableWriter } from './bytes/byte-table.ts';
import { taggedHash } from './bytes/hashes.ts';

/** A value that holds now and the one that holds from epoch `nextFrom` on (chain.md, "Principles"). */
export interface Timed<Value> {
  readonly current: Value;
  readonly next: Value;
  readonly nextFrom: EpochNumber;
}

export interface RawLocation {
  /** 0n where none was asserted. */
  readonly cell: bigint;
  /** dBi x10. */
  readonly gain: number;
  /** Metres. */
  readonly elevation: number;
  readonly mode: HotspotFacts['mode'];
}

/** What computeEpoch reads of a hotspot's account. */
export interface RawHotspot {
  readonly key: HotspotKey;
  /** Seconds since the Unix epoch. */
  readonly registeredAt: number;
  readonly status: Timed<HotspotFacts['status']>;
  readonly tier: Timed<HotspotFacts['tier']>;
  readonly location: Timed<RawLocation>;
}

/** What computeEpoch and the router read of an owner's account of data credits. */
export interface RawCredits {
  readonly owner: Address;
  /** From which epoch on the owner has a row, with 0 too. */
  readonly firstEpoch: EpochNumber;
  /** Ever bought less ever withdrawn. */
  readonly balance: Timed<bigint>;
  /** What the chain knows of the owner's settled total: what oracles found may be further. */
  readonly settled: bigint;
}

/** An owner's data credits at the epoch's start. */
export interface CreditsBalance {
  readonly owner: Address;
  readonly balance: bigint;
}

/** Everything that an epoch reads from chain accounts other than Network (chain.md, "Bytes"). */
export interface RegistryTable {
  readonly keyNetwork: 'mainnet' | 'testnet';
  readonly hotspots: Registry;
  readonly credits: readonly CreditsBalance[];
  /** Oracles that voted for the previous finalized epoch. */
  readonly voters: readonly Address[];
}

const VERSION = 1;
const MODES = ['full', 'data_only'] as const;
const STATUSES = ['active', 'quarantined'] as const;
const TIERS = ['open', 'endorsed', 'bonded'] as const;
/** Bytes of one hotspot's row. */
const HOTSPOT_WIDTH = 76;
const NANODEGREES_90 = 90_000_000_000;

function inForce<Value>(value: Timed<Value>, epoch: EpochNumber): Value {
  return epoch >= value.nextFrom ? value.next : value.current;
}

/** The facts of a hotspot that hold in an epoch; malformed_cell for a cell that the program would have refused. */
export function factsAt(raw: RawHotspot, epoch: EpochNumber): HotspotFacts {
  const { cell, ...location } = inForce(raw.location, epoch);
  const asserted = cell === 0n ? null : parseCell(cell);
  const centre = asserted === null ? { latitude: 0, longitude: 0 } : cellCentre(asserted);
  return {
    key: raw.key,
    status: inForce(raw.status, epoch),
    tier: inForce(raw.tier, epoch),
    registeredAt: raw.registeredAt,
    cell: asserted,
    latitude: centre.latitude,
    longitude: centre.longitude,
    ...location,
  };
}

/** Hotspots in force in an epoch: those registered at or before its end (seconds). */
export function registryAt(input: {
  readonly hotspots: Iterable<RawHotspot>;
  readonly epoch: EpochNumber;
  readonly end: number;
}): Registry {
  const facts = [...input.hotspots]
    .filter((raw) => raw.registeredAt <= input.end)
    .map((raw) => factsAt(raw, input.epoch));
  return new Map(facts.map((fact) => [fact.key, fact]));
}

/** The credits table of an epoch: the balance in force of every owner whose first purchase holds by then. */
export function creditsAt(accounts: Iterable<RawCredits>, epoch: EpochNumber): readonly CreditsBalance[] {
  return [...accounts]
    .filter(({ firstEpoch }) => firstEpoch <= epoch)
    .map(({ owner, balance }) => ({ owner, balance: inForce(balance, epoch) }));
}

/** The canonical bytes of docs/formats.md: hotspots by key type and key, credits by owner, voters by key. */
export function registryBytes(table: RegistryTable): Uint8Array {
  const network = table.keyNetwork === 'mainnet' ? 0 : 1;
  const hotspots = [...table.hotspots.values()].sort((a, b) => order(a.key, b.key));
  const writer = new TableWriter().u8(VERSION).u8(network).u32(hotspots.length);
  for (const fact of hotspots) {
    if (!fact.key.startsWith(String(network)))
      throw new RangeError(`the key ${fact.key} is not of ${table.keyNetwork}`);
    writer.hex(`0${fact.key.slice(1)}`, 33);
    writer.u8(MODES.indexOf(fact.mode) + 1).u8(STATUSES.indexOf(fact.status) + 1);
    writer.u8(TIERS.indexOf(fact.tier) + 1).u64(fact.cell ?? 0n);
    writer.i64(BigInt(fact.latitude)).i64(BigInt(fact.longitude));
    writer.i32(fact.gain).i32(fact.elevation).u64(BigInt(fact.registeredAt));
  }
  const credits = sortedAddresses(table.credits, (entry) => entry.owner);
  writer.u32(credits.length);
  for (const entry of credits) writer.address(entry.owner).u64(entry.balance);
  const voters = sortedAddresses(table.voters, (voter) => voter);
  writer.u8(voters.length);
  for (const voter of voters) writer.address(voter);
  return writer.finish();
}

/** Inverse of `registryBytes`; malformed_registry for anything that it would not have written. */
export function openRegistry(bytes: Uint8Array): RegistryTable {
  const reader = new TableReader(bytes, 'malformed_registry');
  reader.version(VERSION);
  const network = reader.u8();
  if (network > 1) throw reader.error({ expected: 'key network 0 or 1', network });
  const hotspots = new Map<HotspotKey, HotspotFacts>();
  let last = '';
  for (let left = reader.count(HOTSPOT_WIDTH); left > 0; left -= 1) {
    const fact = readHotspot(reader, network);
    if (fact.key <= last) throw reader.error({ expected: 'ascending keys', key: fact.key });
    last = fact.key;
    hotspots.set(fact.key, fact);
  }
  const credits: CreditsBalance[] = [];
  for (let left = reader.count(40); left > 0; left -= 1)
    credits.push({ owner: reader.address() as Address, balance: reader.u64() });
  const voters: Address[] = [];
  for (let left = reader.u8(); left > 0; left -= 1) voters.push(reader.address() as Address);
  reader.finish();
  assertAscending(
    credits.map((entry) => entry.owner),
    reader,
  );
  assertAscending(voters, reader);
  return { keyNetwork: network === 0 ? 'mainnet' : 'testnet', hotspots, credits, voters };
}

/** registry_hash of the tuple. */
export function registryHash(bytes: Uint8Array): Hash {
  return taggedHash('registry', bytes);
}

function readHotspot(reader: TableReader, network: number): HotspotFacts {
  const tagged = reader.hex(33);
  if (!tagged.startsWith('00') && !tagged.startsWith('01'))
    throw reader.error({ expected: 'key type 0 or 1', key: tagged });
  const mode = choice(reader, MODES);
  const status = choice(reader, STATUSES);
  const tier = choice(reader, TIERS);
  const cell = readCell(reader);
  const latitude = Number(reader.i64());
  const longitude = Number(reader.i64());
  if (Math.abs(latitude) > NANODEGREES_90 || Math.abs(longitude) > 2 * NANODEGREES_90)
    throw reader.error({ expected: 'nanodegrees on the globe', latitude, longitude });
  if (cell === null && (latitude !== 0 || longitude !== 0))
    throw reader.error({ expected: 'no centre without a cell', latitude, longitude });
  const gain = reader.i32();
  const elevation = reader.i32();
  const registeredAt = reader.safe();
  const key = `${network}${tagged.slice(1)}` as HotspotKey;
  return { key, mode, status, tier, cell, latitude, longitude, gain, elevation, registeredAt };
}

function readCell(reader: TableReader): Cell | null {
  const cell = reader.u64();
  if (cell === 0n) return null;
  try {
    return parseCell(cell);
  } catch {
    throw reader.error({ expected: 'an H3 cell of resolution 12', cell });
  }
}

function choice<Value>(reader: TableReader, values: readonly Value[]): Value {
  const number = reader.u8();
  const value = values[number - 1];
  if (value === undefined) throw reader.error({ expected: `1 to ${values.length}`, number });
  return value;
}

function sortedAddresses<Entry>(entries: readonly Entry[], addressOf: (entry: Entry) => Address): Entry[] {
  return [...entries].sort((a, b) => order(addressOrder(addressOf(a)), addressOrder(addressOf(b))));
}

function assertAscending(addresses: readonly Address[], reader: TableReader): void {
  const inOrder = addresses.map(addressOrder);
  const wrong = inOrder.findIndex((address, at) => at > 0 && address <= (inOrder[at - 1] ?? ''));
  if (wrong >= 0) throw reader.error({ expected: 'ascending addresses', address: addresses[wrong] ?? null });
}

function addressOrder(address: Address): string {
  return hex.encode(base58.decode(address));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
