import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { RawCredits, RawHotspot, Timed } from '#protocol/settle/registry';
import { epochNumber, type Address, type EpochNumber, type Hash, type HotspotKey } from '#protocol/units';
import { replaceFile } from './replace-file.ts';

/** What follow last read from the chain: written by it alone, read by ingest, verify and explore. */
export interface RegistryFile {
  readonly slot: number;
  /** Seconds: the chain's clock in that slot. */
  readonly unixTime: number;
  readonly network: {
    readonly address: Address;
    readonly keyNetwork: 'mainnet' | 'testnet';
    /** Seconds. */
    readonly epochLength: number;
    readonly firstEpochStart: number;
    readonly policyHash: Hash;
    /** The policy that holds from an epoch on that is not final yet. */
    readonly pendingPolicy: { readonly hash: Hash; readonly firstEpoch: EpochNumber } | null;
  };
  readonly hotspots: readonly RawHotspot[];
  /** By owner. */
  readonly credits: readonly RawCredits[];
}

const decimal = Type.String({ pattern: '^[0-9]{1,20}$' });
const address = Type.String({ pattern: '^[1-9A-HJ-NP-Za-km-z]{32,44}$' });
const hex32 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const timed = <Schema extends TSchema>(value: Schema) =>
  Type.Object({ current: value, next: value, nextFrom: decimal });
const choice = <Choice extends string>(...choices: readonly Choice[]) =>
  Type.Union(choices.map((each) => Type.Literal(each)));

const schema = Type.Object({
  slot: Type.Integer({ minimum: 0 }),
  unixTime: Type.Integer(),
  network: Type.Object({
    address,
    keyNetwork: choice('mainnet', 'testnet'),
    epochLength: Type.Integer({ minimum: 1 }),
    firstEpochStart: Type.Integer(),
    policyHash: hex32,
    pendingPolicy: Type.Union([Type.Object({ hash: hex32, firstEpoch: decimal }), Type.Null()]),
  }),
  hotspots: Type.Array(
    Type.Object({
      key: Type.String({ pattern: '^[0-9a-f]{66}$' }),
      registeredAt: Type.Integer(),
      status: timed(choice('active', 'quarantined')),
      tier: timed(choice('open', 'endorsed', 'bonded')),
      location: timed(
        Type.Object({
          cell: decimal,
          gain: Type.Integer(),
          elevation: Type.Integer(),
          mode: choice('full', 'data_only'),
        }),
      ),
    }),
  ),
  credits: Type.Array(
    Type.Object({ owner: address, firstEpoch: decimal, balance: timed(decimal), settled: decimal }),
  ),
});
type Stored = Static<typeof schema>;
const stored = Compile(schema);

export function registryPath(dataDir: string): string {
  return join(dataDir, 'registry.json');
}

/** Atomic: readers see the old file or the new one. */
export async function writeRegistryFile(dataDir: string, file: RegistryFile): Promise<void> {
  const text = JSON.stringify(file, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  await replaceFile(registryPath(dataDir), text);
}

/** Throws a sentence that names the first field that does not fit. */
export function parseRegistryFile(text: string): RegistryFile {
  const value: unknown = JSON.parse(text);
  if (!stored.Check(value)) {
    const [error] = stored.Errors(value);
    throw new Error(`registry.json: ${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`);
  }
  return fromStored(value);
}

/** Hash of the policy in force for an epoch that is not final yet. */
export function policyHashAt(
  { policyHash, pendingPolicy }: RegistryFile['network'],
  epoch: EpochNumber,
): Hash {
  return pendingPolicy !== null && epoch >= pendingPolicy.firstEpoch ? pendingPolicy.hash : policyHash;
}

export interface RegistryReader {
  /** The file as it stands now, re-read when it changed; null until follow has written it. */
  read(): Promise<RegistryFile | null>;
}

export function openRegistryReader(dataDir: string): RegistryReader {
  const path = registryPath(dataDir);
  let seen = '';
  let file: RegistryFile | null = null;
  let reading: Promise<RegistryFile | null> | null = null;
  const readAnew = async (): Promise<RegistryFile | null> => {
    const stats = await stat(path, { bigint: true }).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    if (stats === null) return file;
    const version = `${stats.ino}.${stats.mtimeNs}.${stats.size}`;
    if (version !== seen) {
      file = parseRegistryFile(await readFile(path, 'utf8'));
      seen = version;
    }
    return file;
  };
  return {
    // One reading for all who ask meanwhile: each would parse the whole file otherwise.
    read: () =>
      (reading ??= readAnew().finally(() => {
        reading = null;
      })),
  };
}

function fromStored(file: Stored): RegistryFile {
  return {
    ...file,
    network: {
      ...file.network,
      address: file.network.address as Address,
      policyHash: file.network.policyHash as Hash,
      pendingPolicy: pendingOf(file.network.pendingPolicy),
    },
    hotspots: file.hotspots.map((hotspot) => ({
      key: hotspot.key as HotspotKey,
      registeredAt: hotspot.registeredAt,
      status: timedOf(hotspot.status, same),
      tier: timedOf(hotspot.tier, same),
      location: timedOf(hotspot.location, (location) => ({ ...location, cell: BigInt(location.cell) })),
    })),
    credits: file.credits.map(({ owner, firstEpoch, balance, settled }) => ({
      owner: owner as Address,
      firstEpoch: epochNumber(BigInt(firstEpoch)),
      balance: timedOf(balance, BigInt),
      settled: BigInt(settled),
    })),
  };
}

function pendingOf(pending: Stored['network']['pendingPolicy']): RegistryFile['network']['pendingPolicy'] {
  if (pending === null) return null;
  return { hash: pending.hash as Hash, firstEpoch: epochNumber(BigInt(pending.firstEpoch)) };
}

function timedOf<From, To>(
  value: { readonly current: From; readonly next: From; readonly nextFrom: string },
  convert: (from: From) => To,
): Timed<To> {
  return {
    current: convert(value.current),
    next: convert(value.next),
    nextFrom: epochNumber(BigInt(value.nextFrom)),
  };
}

function same<Value>(value: Value): Value {
  return value;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
