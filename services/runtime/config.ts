import { join, resolve } from 'node:path';
import {
  choiceField,
  integerField,
  optionalField,
  portField,
  textField,
  urlField,
  urlList,
  type Env,
} from './config-fields.ts';
import { STREAM_BOUNDS } from './grpc/stream-bounds.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What every stage is told. Port 0 takes any free port, which the stage logs. */
export interface StageConfig {
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
}

export interface ChainConfig {
  readonly rpcUrl: string;
}

export interface QueueConfig {
  readonly redisUrl: string;
}

export interface IngestConfig extends StageConfig, ChainConfig {
  /** Last part of the log's origin: one ingest, one log. */
  readonly ingestName: string;
  readonly entropyIntervalSeconds: number;
  /** Reports a minute, per client address and per hotspot key. */
  readonly addressBudget: number;
  readonly keyBudget: number;
  /** How long to wait at start for a chain that does not answer before refusing to start. */
  readonly clockWaitSeconds: number;
  /** How long a hotspot has to answer an offer on a stream. */
  readonly sessionInitMs: number;
  /** Streams of hotspots that may be open at the same time, in all and per client address. */
  readonly maxStreams: number;
  readonly maxAddressStreams: number;
  /** Where the stage that routes packets serves its streams; null: there is none. */
  readonly routeUrl: string | null;
}

export interface GroupConfig extends StageConfig, QueueConfig {
  readonly ingestName: string;
}

export interface CheckConfig extends StageConfig, QueueConfig {}

export interface FollowConfig extends StageConfig, ChainConfig {
  readonly pollMs: number;
}

export interface SettleConfig extends StageConfig, ChainConfig {
  /** RPCs of other operators, which must say what RPC_URL says. */
  readonly crossCheckRpcUrls: readonly string[];
  /** Number of the oracle: names its folder and key. */
  readonly oracle: number;
  readonly keyFile: string;
  /** Base of another oracle's public files, for a final epoch that can no longer be recomputed; null: adopt nothing. */
  readonly adoptFrom: string | null;
  /** Bases of other oracles' public files: mirrors of evidence that a log does not give, and folders to compare with. */
  readonly peerUrls: readonly string[];
  readonly pollMs: number;
}

export interface WitnessConfig extends StageConfig, ChainConfig {
  /** Number of the witness: names its folder and its key's file. */
  readonly witness: number;
  readonly keyFile: string;
  /** Name of its key, as the policy lists it. */
  readonly witnessName: string;
  readonly intervalMs: number;
}

export interface ClaimConfig extends StageConfig, ChainConfig {
  readonly payerFile: string;
  /** Where oracles serve their epoch folders; any one that matches the chain is enough. */
  readonly folderUrls: readonly string[];
  readonly pollMs: number;
}

export interface ExploreConfig extends StageConfig, QueueConfig, ChainConfig {
  /** null: PGlite in a folder below dataDir. */
  readonly databaseUrl: string | null;
  readonly folderUrls: readonly string[];
}

export interface RouteConfig extends StageConfig, QueueConfig, ChainConfig {
  /** Last part of the log's origin: one router, one log. */
  readonly routeName: string;
  readonly clockWaitSeconds: number;
  /** How long after the first copy of a frame others are waited for. */
  readonly copyWindowMs: number;
  /** Route requests and reads a minute, per client address. */
  readonly addressBudget: number;
  /** Streams of hotspots that may be open at the same time; those that ingest passes on come from its address alone. */
  readonly maxStreams: number;
  readonly disclosureDays: number;
  /** Whether routes may lead to networks behind the router: only where all owners are one's own. */
  readonly allowPrivateTargets: boolean;
  /** Any one oracle's epoch folders, of which the newest says what is settled. */
  readonly folderUrls: readonly string[];
}

/** The only place that reads the environment. */
export function loadConfig<Config>(parse: (env: Env) => Config): Config {
  return parse(process.env);
}

export function parseIngestConfig(env: Env): IngestConfig {
  return {
    ...stageConfig(env, 8080),
    ...chainConfig(env),
    ingestName: textField(env, 'INGEST_NAME', 'ingest'),
    entropyIntervalSeconds: integerField(env, 'ENTROPY_INTERVAL_S', { fallback: 60, min: 1, max: 90 }),
    addressBudget: integerField(env, 'ADDRESS_BUDGET', { fallback: 600, min: 1, max: 1e9 }),
    keyBudget: integerField(env, 'KEY_BUDGET', { fallback: 300, min: 1, max: 1e9 }),
    clockWaitSeconds: integerField(env, 'CLOCK_WAIT_S', { fallback: 30, min: 0, max: 3600 }),
    sessionInitMs: integerField(env, 'SESSION_INIT_MS', { fallback: 5000, min: 100, max: 60_000 }),
    maxStreams: integerField(env, 'MAX_STREAMS', { fallback: STREAM_BOUNDS.all, min: 1, max: 1e6 }),
    maxAddressStreams: integerField(env, 'MAX_ADDRESS_STREAMS', {
      fallback: STREAM_BOUNDS.perAddress,
      min: 1,
      max: 1e6,
    }),
    routeUrl:
      optionalField(env, 'ROUTE_URL') === null
        ? null
        : urlField(env, 'ROUTE_URL', { fallback: '', schemes: ['http:'] }),
  };
}

export function parseGroupConfig(env: Env): GroupConfig {
  return {
    ...stageConfig(env, 8082),
    ...queueConfig(env),
    ingestName: textField(env, 'INGEST_NAME', 'ingest'),
  };
}

export function parseCheckConfig(env: Env): CheckConfig {
  return { ...stageConfig(env, 0), ...queueConfig(env) };
}

export function parseFollowConfig(env: Env): FollowConfig {
  return { ...stageConfig(env, 8083), ...chainConfig(env), pollMs: pollField(env) };
}

export function parseSettleConfig(env: Env): SettleConfig {
  const oracle = integerField(env, 'ORACLE', { fallback: 0, min: 0, max: 255 });
  const stage = stageConfig(env, 8090 + oracle);
  return {
    ...stage,
    ...chainConfig(env),
    crossCheckRpcUrls: crossCheckRpcUrls(env),
    oracle,
    keyFile: textField(env, 'ORACLE_KEY_FILE', join(stage.dataDir, 'keys', `oracle-${oracle}.json`)),
    adoptFrom: optionalField(env, 'ADOPT_FROM'),
    peerUrls: optionalField(env, 'PEER_URLS') === null ? [] : urlList(env, 'PEER_URLS', ''),
    pollMs: pollField(env),
  };
}

export function parseWitnessConfig(env: Env): WitnessConfig {
  const witness = integerField(env, 'WITNESS', { fallback: 0, min: 0, max: 255 });
  const stage = stageConfig(env, 8070 + witness);
  return {
    ...stage,
    ...chainConfig(env),
    witness,
    keyFile: textField(env, 'WITNESS_KEY_FILE', join(stage.dataDir, 'keys', `witness-${witness}`)),
    witnessName: textField(env, 'WITNESS_NAME', `witness-${witness}`),
    intervalMs: 1000 * integerField(env, 'WITNESS_INTERVAL_S', { fallback: 60, min: 1, max: 3600 }),
  };
}

export function parseClaimConfig(env: Env): ClaimConfig {
  const stage = stageConfig(env, 8084);
  return {
    ...stage,
    ...chainConfig(env),
    payerFile: textField(env, 'PAYER_FILE', join(stage.dataDir, 'keys', 'payer.json')),
    folderUrls: folderUrls(env),
    pollMs: pollField(env),
  };
}

export function parseExploreConfig(env: Env): ExploreConfig {
  return {
    ...stageConfig(env, 8081),
    ...queueConfig(env),
    ...chainConfig(env),
    databaseUrl: optionalField(env, 'DATABASE_URL'),
    folderUrls: folderUrls(env),
  };
}

export function parseRouteConfig(env: Env): RouteConfig {
  return {
    ...stageConfig(env, 8086),
    ...queueConfig(env),
    ...chainConfig(env),
    routeName: textField(env, 'ROUTE_NAME', 'route'),
    clockWaitSeconds: integerField(env, 'CLOCK_WAIT_S', { fallback: 30, min: 0, max: 3600 }),
    copyWindowMs: integerField(env, 'COPY_WINDOW_MS', { fallback: 200, min: 0, max: 2000 }),
    addressBudget: integerField(env, 'ADDRESS_BUDGET', { fallback: 600, min: 1, max: 1e9 }),
    maxStreams: integerField(env, 'MAX_STREAMS', { fallback: STREAM_BOUNDS.all, min: 1, max: 1e6 }),
    disclosureDays: integerField(env, 'DISCLOSURE_DAYS', { fallback: 90, min: 7, max: 3650 }),
    allowPrivateTargets:
      choiceField(env, 'ALLOW_PRIVATE_TARGETS', { fallback: 'no', choices: ['no', 'yes'] }) === 'yes',
    folderUrls: folderUrls(env),
  };
}

function stageConfig(env: Env, port: number): StageConfig {
  return {
    dataDir: resolve(textField(env, 'DATA_DIR', '.coverant')),
    logLevel: choiceField(env, 'LOG_LEVEL', { fallback: 'info', choices: LOG_LEVELS }),
    host: textField(env, 'HOST', '127.0.0.1'),
    port: portField(env, 'PORT', port),
  };
}

function chainConfig(env: Env): ChainConfig {
  return {
    rpcUrl: urlField(env, 'RPC_URL', { fallback: 'http://127.0.0.1:8899', schemes: ['http:', 'https:'] }),
  };
}

function crossCheckRpcUrls(env: Env): readonly string[] {
  const name = 'CROSS_CHECK_RPC_URLS';
  return (optionalField(env, name)?.split(',') ?? []).map((url) =>
    urlField({ [name]: url.trim() }, name, { fallback: '', schemes: ['http:', 'https:'] }),
  );
}

function queueConfig(env: Env): QueueConfig {
  return {
    redisUrl: urlField(env, 'REDIS_URL', {
      fallback: 'redis://127.0.0.1:6390',
      schemes: ['redis:', 'rediss:'],
    }),
  };
}

function folderUrls(env: Env): readonly string[] {
  return urlList(env, 'FOLDER_URLS', 'http://127.0.0.1:8090');
}

function pollField(env: Env): number {
  return integerField(env, 'POLL_MS', { fallback: 1000, min: 50, max: 60_000 });
}
