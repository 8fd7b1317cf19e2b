import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@solana/web3.js';
import { readClock } from '#client';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { millis } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { checkClock, guardClock } from '#services/runtime/clock-check';
import type { ChainConfig, StageConfig } from '#services/runtime/config';
import { logOrigin } from '#services/runtime/log-origin';
import type { Logger } from '#services/runtime/logger';
import { waitForNetworkFile, type NetworkFile } from '#services/runtime/network-file';
import { openPolicies, type Policies } from '#services/runtime/policies';
import { openRegistryReader, type RegistryReader } from '#services/runtime/registry-file';
import type { Lifetime } from '#services/runtime/shutdown';
import { closeEpochs } from './close-epochs.ts';
import { logSigner } from './log-signer.ts';
import { openLog, type EvidenceLog } from './open-log.ts';
import { loadOrCreateStageLogKey } from './stage-log-key.ts';

/** A stage that keeps a log of its own, with what it is made of. */
export interface StageLog {
  readonly network: NetworkFile;
  /** For its clock and its blocks. */
  readonly chain: Connection;
  readonly log: EvidenceLog;
  readonly origin: string;
  readonly vkey: string;
  /** The folder of the stage, and in it that of the log's public files. */
  readonly dir: string;
  readonly publicDir: string;
  readonly registry: RegistryReader;
  readonly policyOf: Policies;
  /** The clock that stamps, in ms; throws once it was set. */
  readonly now: () => number;
}

/** Opens the log in the order in which it can refuse: network, clock, log; and has its epochs closed from then on. */
export async function openStageLog(options: {
  /** Names the folder below DATA_DIR. */
  readonly stage: 'ingest' | 'route';
  /** Last part of the log's origin. */
  readonly name: string;
  readonly config: Pick<StageConfig, 'dataDir'> & ChainConfig & { readonly clockWaitSeconds: number };
  readonly logger: Logger;
  readonly lifetime: Lifetime;
  /** Called where the log or the clock says that this process must end. */
  readonly fatal: (error: Error) => void;
}): Promise<StageLog> {
  const { config, logger, lifetime, fatal } = options;
  const { signal } = lifetime;
  const network = await waitForNetworkFile(config.dataDir, { signal, logger });
  const chain = openChain({
    rpcUrl: config.rpcUrl,
    commitment: 'confirmed',
    timeoutMs: 5000,
    // Its clock and its blocks are all that is read.
    pin: { genesisHash: network.genesisHash },
  });
  await checkClock({
    readChainSeconds: async () => (await readClock(chain, 'processed')).unixTime,
    now: Date.now,
    waitSeconds: config.clockWaitSeconds,
    logger,
    signal,
  });
  const now = guardClock({ now: Date.now, elapsed: () => performance.now(), stepped: fatal });

  const dir = join(config.dataDir, options.stage);
  const publicDir = join(dir, 'public');
  await mkdir(publicDir, { recursive: true });
  const origin = logOrigin({ name: network.name, network: network.network, ingest: options.name });
  const signer = logSigner(origin, await loadOrCreateStageLogKey(config.dataDir, options.stage));
  const vkey = formatVerifierKey(signer.key);
  const log = lifetime.own(
    await openLog({
      dir,
      origin,
      signer,
      clock: () => millis(now()),
      fatal,
      failed: (error) => {
        logger.warn({ error }, 'the log could not publish; it tries again');
      },
    }),
  );
  logger.info({ origin, vkey, size: log.size }, 'log open');

  const registry = openRegistryReader(config.dataDir);
  const policyOf = openPolicies(config.dataDir);
  closeEpochs({ log, registry, policyOf, now, logger, signal }).catch(fatal);
  return { network, chain, log, origin, vkey, dir, publicDir, registry, policyOf, now };
}
