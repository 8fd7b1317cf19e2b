import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisProgram } from '../../redis.ts';
import type { Ports } from './ports.ts';
import type { Program } from './supervisor.ts';

export interface StagesInput {
  readonly dataDir: string;
  readonly ports: Ports;
  readonly rpcUrl: string;
  readonly redisUrl: string;
  /** File with the main of the check workers; by default that of verify. */
  readonly checkMain?: string;
}

const ROOT = new URL('../../../', import.meta.url);
const LEASH = new URL('leash.mjs', import.meta.url).href;
const CHECK_WORKERS = 2;
/** Twelve times a minute, because an epoch is only a minute. */
const WITNESS_INTERVAL_S = '5';

export function ingestUrl(ports: Ports): string {
  return `http://127.0.0.1:${ports.ingest}`;
}

export function routeUrl(ports: Ports): string {
  return `http://127.0.0.1:${ports.route}`;
}

export function oracleUrls(ports: Ports): readonly string[] {
  return [ports.oracle0, ports.oracle1, ports.oracle2].map((port) => `http://127.0.0.1:${port}`);
}

export function witnessUrls(ports: Ports): readonly string[] {
  return [ports.witness0, ports.witness1, ports.witness2].map((port) => `http://127.0.0.1:${port}`);
}

export function localnetStage(input: Pick<StagesInput, 'dataDir' | 'ports'>): Program {
  const env = { DATA_DIR: input.dataDir, LOCALNET_PORT: String(input.ports.rpc) };
  return { ...stage('localnet', 'localnet/main.ts', env), last: true };
}

export function redisStage(input: {
  readonly command: string;
  readonly port: number;
  readonly folder: string;
}): Program {
  return { name: 'redis', ...redisProgram(input), env: {}, last: true, leashed: false };
}

/** The stages in the order of their need: starting all at once would delay the first of them on a small machine. */
export interface Waves {
  /** While the program is being deployed; they wait for the network by themselves. */
  readonly first: readonly Program[];
  /** As soon as the network's files are there. */
  readonly second: readonly Program[];
  /** When ingest takes reports: there is nothing to settle or to show before. */
  readonly third: readonly Program[];
}

export function stageWaves(input: StagesInput): Waves {
  const { ports } = input;
  const env = environment(input);
  const oracles = [ports.oracle0, ports.oracle1, ports.oracle2].map((port, number) => {
    const mirrors = oracleUrls(ports).filter((_, other) => other !== number);
    const own = { ORACLE: String(number), PEER_URLS: mirrors.join(','), ADOPT_FROM: mirrors[0] ?? '' };
    return stage(`oracle-${number}`, 'settle/main.ts', { ...env(port), ...own });
  });
  const witnesses = [ports.witness0, ports.witness1, ports.witness2].map((port, number) => {
    const own = { WITNESS: String(number), WITNESS_INTERVAL_S: WITNESS_INTERVAL_S };
    return stage(`witness-${number}`, 'witness/main.ts', { ...env(port), ...own });
  });
  const workers = Array.from({ length: CHECK_WORKERS }, (_, number) =>
    stage(`check-${number}`, input.checkMain ?? 'verify/check-main.ts', env(0)),
  );
  return {
    first: [
      stage('simulate', 'simulate/main.ts', {
        ...env(ports.simulate),
        INGEST_URL: ingestUrl(ports),
        GATEWAY_URL: ingestUrl(ports),
      }),
      stage('follow', 'follow/main.ts', env(ports.follow)),
    ],
    second: [
      // All hotspots of the demo come from one address.
      stage('ingest', 'ingest/main.ts', {
        ...env(ports.ingest),
        ADDRESS_BUDGET: '1000000',
        ROUTE_URL: routeUrl(ports),
      }),
      // Owners of devices have their servers on this machine.
      stage('route', 'route/main.ts', { ...env(ports.route), ALLOW_PRIVATE_TARGETS: 'yes' }),
      stage('group', 'verify/group-main.ts', env(ports.group)),
      ...workers,
      // They must have begun when the first epoch does.
      ...witnesses,
    ],
    third: [
      ...oracles,
      stage('explore', 'explore/main.ts', env(ports.explore)),
      stage('claim', 'claim/main.ts', env(ports.claim)),
    ],
  };
}

function environment(input: StagesInput): (port: number) => Readonly<Record<string, string>> {
  return (port) => ({
    DATA_DIR: input.dataDir,
    RPC_URL: input.rpcUrl,
    REDIS_URL: input.redisUrl,
    FOLDER_URLS: oracleUrls(input.ports).join(','),
    HOST: '127.0.0.1',
    PORT: String(port),
  });
}

function stage(name: string, file: string, env: Readonly<Record<string, string>>): Program {
  const main = resolve(fileURLToPath(new URL('services', ROOT)), file);
  return {
    name,
    command: process.execPath,
    args: ['--import', 'tsx', '--import', LEASH, main],
    env,
    last: false,
    leashed: true,
  };
}
