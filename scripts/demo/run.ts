import { mkdir } from 'node:fs/promises';
import { openChain } from '#services/runtime/chain';
import { lastEndedEpoch } from '#services/runtime/chain-epoch';
import { openFleet, type Hotspot } from '#services/simulate/fleet';
import type { Connection, PublicKey } from '@solana/web3.js';
import type { Network } from '#client';
import type { DemoOptions } from './options.ts';
import { runAudit } from './report/audit.ts';
import {
  checkCheaters,
  checkHonestPairs,
  checkMoney,
  checkOpenPairs,
  checkRoots,
  type Check,
} from './report/checks.ts';
import { collectEpochs, collectMoney, crowdedKeys, honestPairs } from './report/collect.ts';
import { hotspotTable } from './report/table.ts';
import type { Reporter } from './say.ts';
import { loadOrCreateKeys, type DemoKeys } from './start/keys.ts';
import { openNetwork, prepareChain } from './start/network.ts';
import { DEMO_SETTINGS } from './start/policy.ts';
import { choosePorts, type Ports } from './start/ports.ts';
import { chooseRedis, untilRedisAnswers } from './start/redis.ts';
import { earlyStages, ingestUrl, lateStages, localnetStage, oracleUrls } from './start/stages.ts';
import type { Supervisor } from './start/supervisor.ts';
import { poll, watchEpoch, watchRegistration } from './watch.ts';

export interface DemoInput {
  readonly options: DemoOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

interface Started {
  readonly connection: Connection;
  readonly rpcUrl: string;
  readonly ports: Ports;
  readonly keys: DemoKeys;
  readonly fleet: readonly Hotspot[];
  readonly network: PublicKey;
  readonly state: Network;
  readonly created: boolean;
}

const CHAIN_READY_MS = 60_000;

/** Starts everything, follows two epochs, reports; without --once goes on until the signal. Returns the exit code. */
export async function runDemo(input: DemoInput): Promise<number> {
  const { options, reporter, signal } = input;
  const started = await start(input);
  const first = started.created ? 0n : currentEpoch(started.state) + 1n;
  const epochs = [first, first + 1n];
  const watch = (epoch: bigint): Promise<void> =>
    watchEpoch({ ...started, reporter, signal, epoch, news: news(started.ports) });
  for (const epoch of epochs) await watch(epoch);
  const holds = await report(input, started, epochs);
  if (options.once) return holds ? 0 : 1;
  reporter.say('demo', `goes on until Ctrl-C; the explorer is at http://127.0.0.1:${started.ports.explore}`);
  for (let epoch = first + 2n; ; epoch += 1n) await watch(epoch);
}

async function start(input: DemoInput): Promise<Started> {
  const { options, env, supervisor, reporter, signal } = input;
  const { say, mark } = reporter;
  const { dataDir } = options;
  await mkdir(dataDir, { recursive: true });
  const ports = await choosePorts(dataDir, options.portBase);
  const keys = await loadOrCreateKeys(dataDir);
  const rpcUrl = env['RPC_URL'] ?? `http://127.0.0.1:${ports.rpc}`;
  const redis = await chooseRedis({
    dataDir,
    port: ports.redis,
    given: env['REDIS_URL'],
    path: env['PATH'] ?? '',
    say,
  });
  if (redis.program !== null) supervisor.start(redis.program);
  if (env['RPC_URL'] === undefined) supervisor.start(localnetStage({ dataDir, ports }));
  const connection = openChain({ rpcUrl, commitment: 'confirmed' });
  await poll(signal, () => connection.getSlot('confirmed'), CHAIN_READY_MS).catch((error: unknown) => {
    throw new Error(`no chain answers at ${rpcUrl}`, { cause: error });
  });
  say('localnet', `chain at ${rpcUrl}`);
  await untilRedisAnswers(redis.url, signal);
  say('redis', `queue at ${redis.url}`);
  mark('chain and Redis');

  const stages = { dataDir, ports, rpcUrl, redisUrl: redis.url };
  for (const program of earlyStages(stages)) supervisor.start(program);
  await prepareChain({ connection, rpcUrl, dataDir, keys, say });
  mark('program');
  const logUrl = `${ingestUrl(ports)}/log`;
  const { network, created } = await openNetwork({
    connection,
    rpcUrl,
    dataDir,
    keys,
    settings: DEMO_SETTINGS,
    logUrl,
    say,
  });
  if (!created) say('chain', `network ${network.toBase58()} goes on where it was`);
  mark('network');
  for (const program of lateStages(stages)) supervisor.start(program);
  const fleet = openFleet(keys.simulateSecret);
  const state = await watchRegistration({ connection, network, fleet, created, reporter, signal });
  say(
    'simulate',
    `all hotspots are registered: ${fleet.filter(({ endorsed }) => endorsed).length} endorsed by a maker`,
  );
  mark('registration');
  return { connection, rpcUrl, ports, keys, fleet, network, state, created };
}

function currentEpoch(network: Network): bigint {
  const ended = lastEndedEpoch(network, Math.floor(Date.now() / 1000));
  return ended === null ? -1n : ended + 1n;
}

/** One line about what flows, from the health of ingest and of the simulation. */
function news(ports: Ports): () => Promise<string> {
  const health = async (port: number): Promise<Readonly<Record<string, unknown>>> => {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
    const value: unknown = answer === null ? {} : await answer.json();
    return typeof value === 'object' && value !== null ? { ...value } : {};
  };
  return async () => {
    const [log, simulated] = await Promise.all([health(ports.ingest), health(ports.simulate)]);
    const figure = (value: unknown): string => (typeof value === 'number' ? String(value) : '?');
    return (
      `${figure(log['size'])} records in the log; ${figure(simulated['beacons'])} beacons and ` +
      `${figure(simulated['witnesses'])} witness reports sent, ${figure(simulated['lost'])} lost`
    );
  };
}

async function report(input: DemoInput, started: Started, epochs: readonly bigint[]): Promise<boolean> {
  const { reporter, options } = input;
  const { connection, network, ports, keys, fleet, rpcUrl } = started;
  const urls = oracleUrls(ports);
  const { roots, reports } = await collectEpochs(epochs, urls);
  const payees = [keys.operations, ...keys.oracles].map(({ publicKey }) => publicKey);
  const { money, balanceOf } = await collectMoney({ connection, network, hotspots: fleet, payees });
  print(`Epochs ${epochs.join(' and ')}`, hotspotTable({ actors: fleet, reports, balanceOf }));

  const checks: Check[] = [
    ...checkRoots(roots),
    checkHonestPairs({ pairs: honestPairs(fleet), reports }),
    ...checkCheaters({ actors: fleet, reports, crowded: crowdedKeys(fleet) }),
    checkOpenPairs(fleet, reports),
    checkMoney(money),
  ];
  for (const [at, epoch] of epochs.entries()) {
    const from = urls[at % urls.length] ?? '';
    print(`Audit of epoch ${epoch} from ${from} and the chain`, []);
    const code = await runAudit({
      epoch,
      from,
      rpcUrl,
      network: network.toBase58(),
      dataDir: options.dataDir,
    });
    checks.push({ what: `epoch ${epoch}: the audit agrees`, holds: code === 0, detail: `exit code ${code}` });
  }
  print(
    'Checks',
    checks.map(({ what, holds, detail }) => `${holds ? 'ok  ' : 'FAIL'}  ${what} (${detail})`),
  );
  print(
    'Where the time went',
    reporter.steps().map(({ step, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${step}`),
  );
  return checks.every(({ holds }) => holds);
}

function print(title: string, lines: readonly string[]): void {
  console.log(['', title, ...lines.map((line) => `  ${line}`)].join('\n'));
}
