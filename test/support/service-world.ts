import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawHotspot, Timed } from '#protocol/settle/registry';
import { epochNumber, type Hash } from '#protocol/units';
import { policyHash } from '#protocol/settle/policy-codec';
import { createLogger, type Logger } from '#services/runtime/logger';
import { openChain } from '#services/runtime/chain';
import { readNetworkFile, writeNetworkFile } from '#services/runtime/network-file';
import { keepPolicy } from '#services/runtime/policies';
import { writeRegistryFile } from '#services/runtime/registry-file';
import { EPOCH_S, GENESIS, testAddress, type TestHotspot, type TestWorld } from '../protocol/epoch/world.ts';

/** The last part of a test log's origin. */
export const TEST_INGEST = '0';
export const SILENT: Logger = createLogger({ stage: 'test', level: 'silent' });

/** A data folder of its own, as the creator of the network and follow leave it. */
export async function makeDataDir(
  world: TestWorld,
): Promise<{ readonly dataDir: string; readonly close: () => Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'coverant-data-'));
  await mkdir(join(dataDir, 'ingest'), { recursive: true });
  await writeNetworkFile(dataDir, {
    network: world.network,
    creator: testAddress('creator'),
    name: 'test',
    mint: testAddress('mint'),
    program: testAddress('program'),
    genesisHash: testAddress('genesis'),
  });
  await keepPolicy(dataDir, { policy: world.policy });
  await writeRegistry(dataDir, world, world.hotspots);
  return { dataDir, close: () => rm(dataDir, { recursive: true, force: true }) };
}

/** Says of a data folder that its network is on this chain. */
export async function pinCluster(dataDir: string, rpcUrl: string): Promise<void> {
  const genesisHash = await openChain({ rpcUrl }).getGenesisHash();
  await writeNetworkFile(dataDir, { ...(await readNetworkFile(dataDir)), genesisHash });
}

export async function writeRegistry(
  dataDir: string,
  world: TestWorld,
  hotspots: readonly TestHotspot[],
  firstEpochStart: number = GENESIS,
): Promise<void> {
  const hash: Hash = policyHash(world.policy);
  await writeRegistryFile(dataDir, {
    slot: 1,
    unixTime: GENESIS,
    network: {
      address: world.network,
      keyNetwork: 'mainnet',
      epochLength: EPOCH_S,
      firstEpochStart,
      policyHash: hash,
      pendingPolicy: null,
    },
    hotspots: hotspots.map(rawHotspot),
    credits: [],
  });
}

function rawHotspot({ facts }: TestHotspot): RawHotspot {
  const { cell, gain, elevation, mode } = facts;
  return {
    key: facts.key,
    registeredAt: facts.registeredAt,
    status: steady(facts.status),
    tier: steady(facts.tier),
    location: steady({ cell: cell ?? 0n, gain, elevation, mode }),
  };
}

function steady<Value>(value: Value): Timed<Value> {
  return { current: value, next: value, nextFrom: epochNumber(0n) };
}
