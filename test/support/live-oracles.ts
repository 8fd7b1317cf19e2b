import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClaimer, type Claimer } from '#services/claim/claimer';
import { openFolderSource } from '#services/claim/folder-source';
import type { Blocks } from '#services/runtime/blocks';
import { openChain } from '#services/runtime/chain';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { openPublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { openOracle } from '#services/settle/open-oracle';
import type { Oracle } from '#services/settle/oracle';
import { finalEpoch, type LiveNetwork } from './live-network.ts';

const logger = createLogger({ stage: 'test', level: 'fatal' });
const { signal } = new AbortController();

/** The live log's entropies name no blocks of its chain: to its oracles the node has forgotten all. */
const NO_BLOCKS: Blocks = {
  block: () => Promise.resolve(null),
  newest: () => Promise.resolve(null),
  oldest: () => Promise.resolve(null),
  isSkipped: () => Promise.resolve(false),
};

export function oracleFolder(live: LiveNetwork, number: number): string {
  return join(live.dataDir, `oracle-${number}`);
}

/** The oracle with this seat; everything else may be given otherwise. */
export async function openLiveOracle(
  live: LiveNetwork,
  number: number,
  other: Partial<Parameters<typeof openOracle>[0]> = {},
): Promise<Oracle> {
  const oracle = live.oracles[number];
  if (oracle === undefined) throw new Error(`no oracle ${number}`);
  return await openOracle({
    ...live,
    connection: openChain({ rpcUrl: live.rpcUrl }),
    folder: oracleFolder(live, number),
    oracle,
    pollMs: 100,
    adoptFrom: null,
    peerUrls: [],
    blocks: NO_BLOCKS,
    verify: verifySignature,
    metrics: openMetrics('settle'),
    logger,
    signal,
    ...other,
  });
}

export function openLiveClaimer(live: LiveNetwork, numbers: readonly number[]): Claimer {
  const sources = numbers.map((number) => openPublicFiles(oracleFolder(live, number)));
  const metrics = openMetrics('claim');
  return createClaimer({
    ...live,
    metrics,
    folders: openFolderSource(sources, logger),
    pollMs: 100,
    logger,
    signal,
  });
}

/** Lets oracles and claimer work until an epoch is final and paid. */
export async function settleEpoch(input: {
  readonly live: LiveNetwork;
  readonly epoch: number;
  readonly oracles: readonly Oracle[];
  readonly claimer: Claimer;
}): Promise<void> {
  const { live, epoch, oracles, claimer } = input;
  const deadline = Date.now() + 40_000;
  while ((await finalEpoch(live)) !== BigInt(epoch) || claimer.health().claimedEpoch !== String(epoch)) {
    if (Date.now() > deadline)
      throw new Error(
        `epoch ${epoch} is not final: ${JSON.stringify(oracles.map((oracle) => oracle.health()))}`,
      );
    for (const oracle of oracles) await oracle.turn();
    await claimer.turn();
    await sleep(200);
  }
}
