import { mkdir } from 'node:fs/promises';
import type { Connection, PublicKey } from '@solana/web3.js';
import { openChain } from '#services/runtime/chain';
import { openFleet, type Hotspot } from '#services/simulate/fleet';
import type { Reporter } from '../say.ts';
import { poll } from '../watch.ts';
import { loadOrCreateKeys, type DemoKeys } from './keys.ts';
import { openNetwork, prepareChain } from './network.ts';
import type { DemoSettings } from './policy.ts';
import { choosePorts, type Ports } from './ports.ts';
import { chooseRedis, untilRedisAnswers } from './redis.ts';
import { ingestUrl, localnetStage, routeUrl, stageWaves, witnessUrls } from './stages.ts';
import type { Supervisor } from './supervisor.ts';

export interface LineInput {
  readonly dataDir: string;
  /** First of the adjacent ports to take; null: the stages' usual ports, or free ones. */
  readonly portBase: number | null;
  readonly settings: DemoSettings;
  /** Main of the check workers; by default that of verify. */
  readonly checkMain?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

export interface Line {
  readonly connection: Connection;
  readonly rpcUrl: string;
  readonly ports: Ports;
  readonly keys: DemoKeys;
  readonly fleet: readonly Hotspot[];
  readonly network: PublicKey;
  /** Whether the network is new; else the folder had one. */
  readonly created: boolean;
}

const CHAIN_READY_MS = 60_000;
const INGEST_READY_MS = 60_000;
const MOST_ADDED_S = 45;

/** Starts every process of the line and the network that they work for; hotspots register from here on by themselves. */
export async function startLine(input: LineInput): Promise<Line> {
  const { env, supervisor, reporter, signal, dataDir } = input;
  const { say, mark } = reporter;
  await mkdir(dataDir, { recursive: true });
  const ports = await choosePorts(dataDir, input.portBase);
  const keys = await loadOrCreateKeys(dataDir);
  const givenRpc = env['RPC_URL'] === '' ? undefined : env['RPC_URL'];
  const rpcUrl = givenRpc ?? `http://127.0.0.1:${ports.rpc}`;
  const redis = await chooseRedis({
    dataDir,
    port: ports.redis,
    given: env['REDIS_URL'],
    path: env['PATH'] ?? '',
    say,
  });
  if (redis.program !== null) supervisor.start(redis.program);
  if (givenRpc === undefined) supervisor.start(localnetStage({ dataDir, ports }));
  const connection = openChain({ rpcUrl, commitment: 'confirmed' });
  await poll(signal, () => connection.getSlot('confirmed'), CHAIN_READY_MS).catch((error: unknown) => {
    throw new Error(`no chain answers at ${rpcUrl}`, { cause: error });
  });
  say('localnet', `chain at ${rpcUrl}`);
  await untilRedisAnswers(redis.url, signal);
  say('redis', `queue at ${redis.url}`);
  mark('chain and Redis');

  const waves = stageWaves({ ...input, ports, rpcUrl, redisUrl: redis.url });
  for (const program of waves.first) supervisor.start(program);
  const deploySeconds = await prepareChain({ connection, rpcUrl, dataDir, keys, say });
  mark('program');
  const { network, created } = await openNetwork({
    connection,
    rpcUrl,
    dataDir,
    keys,
    // What slows the deployment down slows the registrations too.
    settings: { ...input.settings, leadS: input.settings.leadS + Math.min(deploySeconds, MOST_ADDED_S) },
    logUrls: { ingest: `${ingestUrl(ports)}/log`, route: `${routeUrl(ports)}/log` },
    witnessUrls: witnessUrls(ports),
    say,
  });
  if (!created) say('chain', `network ${network.toBase58()} goes on where it was`);
  mark('network');
  for (const program of waves.second) supervisor.start(program);
  await poll(signal, () => isHealthy(ingestUrl(ports)), INGEST_READY_MS).catch((error: unknown) => {
    throw new Error(`ingest does not answer; see ${dataDir}/logs/ingest.log`, { cause: error });
  });
  for (const program of waves.third) supervisor.start(program);
  return { connection, rpcUrl, ports, keys, fleet: openFleet(keys.simulateSecret), network, created };
}

async function isHealthy(url: string): Promise<true | null> {
  const answer = await fetch(`${url}/health`);
  return answer.ok ? true : null;
}
