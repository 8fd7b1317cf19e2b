import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { sql } from 'kysely';
import { readNetwork, type Network } from '#client';
import { openNetworkChain } from '#services/runtime/chain';
import { CHAIN_BACKOFF, runLoop } from '#services/runtime/chain-retry';
import type { ExploreConfig } from '#services/runtime/config';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import type { VerdictsJob } from '#services/runtime/jobs';
import type { Logger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { waitForNetworkFile } from '#services/runtime/network-file';
import { openPolicies } from '#services/runtime/policies';
import { openPublicFiles } from '#services/runtime/public-files';
import { openWorker } from '#services/runtime/queue';
import type { Lifetime } from '#services/runtime/shutdown';
import { addExplorer } from './app.ts';
import { openDatabase } from './database.ts';
import { followChain } from './follow-chain.ts';
import { followEpochs } from './follow-epochs.ts';
import { policyInForce } from './policy-in-force.ts';
import { storeReports } from './store.ts';
import type { ReportRow } from './tables.ts';
import { verdictRows } from './verdict-rows.ts';

const INTERVAL_MS = 2000;

/** Serves the read model and fills it from the queue, the chain and the oracles' folders until the lifetime ends. */
export async function runExplorer(config: ExploreConfig, lifetime: Lifetime, logger: Logger): Promise<void> {
  const database = await openDatabase({
    url: config.databaseUrl,
    dir: join(config.dataDir, 'explore'),
    logger,
    lost: (error) => {
      logger.fatal({ error }, 'the embedded database has ended; the next start opens or rebuilds it');
      process.exit(1);
    },
  });
  lifetime.own({ close: () => database.destroy() });
  const metrics = openMetrics('explore');
  const stored = metrics.counter('verdicts_stored', 'Provisional verdicts written to the read model.');
  let answers = true;
  const policyOf = openPolicies(config.dataDir);
  let pinned: Network | null = null;
  const server = createHttpServer({ logger, metrics, health: () => ({ ok: answers }) });
  await addExplorer(server, { database, logger });
  lifetime.own(await listenHttp(server, { ...config, logger }));
  lifetime.own(
    openWorker<VerdictsJob, undefined>({
      name: 'verdicts',
      redisUrl: config.redisUrl,
      logger,
      process: async ({ data }) => {
        const rows: ReportRow[] = [];
        for (const { epoch, verdict } of data.verdicts) {
          const policy = await policyInForce(policyOf, { network: pinned, epoch });
          rows.push(...verdictRows(verdict, { epoch, final: false, policy }));
        }
        await storeReports(database, rows);
        stored.inc(rows.length);
      },
    }),
  );

  const watching = runLoop({
    signal: lifetime.signal,
    backoff: CHAIN_BACKOFF,
    intervalMs: INTERVAL_MS,
    turn: async () => {
      await sql`select 1`.execute(database);
      answers = true;
    },
    onFailure: ({ error, failures }) => {
      answers = false;
      if (failures === 1) logger.error({ error }, 'the database does not answer');
    },
  });
  const file = await waitForNetworkFile(config.dataDir, { signal: lifetime.signal, logger });
  const network = new PublicKey(file.network);
  const connection = openNetworkChain(file, { rpcUrl: config.rpcUrl, commitment: 'confirmed' });
  const sources = config.folderUrls.map((url) => openPublicFiles(url));
  const follow = (what: string, turn: () => Promise<void>): Promise<void> =>
    runLoop({
      signal: lifetime.signal,
      backoff: CHAIN_BACKOFF,
      intervalMs: INTERVAL_MS,
      turn,
      onFailure: ({ error, failures }) => {
        logger.warn({ error, failures, what }, 'cannot follow; trying again');
      },
    });
  await Promise.all([
    watching,
    follow('hotspots', () => followChain({ database, connection, network })),
    follow('epochs', async () => {
      pinned = await readNetwork(connection, network);
      const { latest } = pinned;
      await followEpochs({ database, sources, latest: latest?.tupleHash ?? null, logger });
    }),
  ]);
}
