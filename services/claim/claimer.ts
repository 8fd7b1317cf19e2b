import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import { readLedger, readNetwork } from '#client';
import type { EpochNumber, Hash } from '#protocol/units';
import { CHAIN_BACKOFF, runLoop } from '#services/runtime/chain-retry';
import type { Logger } from '#services/runtime/logger';
import type { Metrics } from '#services/runtime/metrics';
import { Outage } from '#services/runtime/outage';
import { claimAll } from './claim-all.ts';
import { finalizeRipe } from './finalize-ripe.ts';
import type { FolderSource } from './folder-source.ts';
import { settleAll } from './settle-all.ts';

export interface ClaimerOptions {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly payer: Keypair;
  readonly folders: FolderSource;
  readonly pollMs: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface ClaimerHealth {
  readonly ok: boolean;
  /** Latest epoch whose every leaf is claimed. */
  readonly claimedEpoch: string | null;
  readonly claims: number;
  readonly tokens: string;
}

export interface Claimer {
  health(): ClaimerHealth;
  /** One look at the chain, and what follows from it. */
  turn(): Promise<void>;
  run(): Promise<void>;
}

/** Finalizes what is ripe and claims for everybody; whoever pays the fee gains no right by it. */
export function createClaimer(options: ClaimerOptions): Claimer {
  const { connection, logger, signal } = options;
  let done: { readonly epoch: EpochNumber; readonly tupleHash: Hash } | null = null;
  let reachable = true;
  let claims = 0;
  let tokens = 0n;
  const paid = options.metrics.counter('claims', 'Claims that minted tokens');
  const refused = options.metrics.counter('refusals', 'Claims and settlements that the program refused');
  const settled = options.metrics.counter('credit_settlements', 'Owners whose data credits were settled');
  const finalized = options.metrics.counter('finalizations', 'Epochs that this process made final');

  async function claimLatest(): Promise<void> {
    const network = await readNetwork(connection, options.network);
    const { latest } = network;
    if (latest === null || latest.tupleHash === done?.tupleHash) return;
    const folder = await options.folders.find(latest);
    if (folder === null)
      throw new Outage('file_missing', { epoch: latest.epoch, tupleHash: latest.tupleHash });
    const outcome = await claimAll({ ...options, network }, folder.tree);
    const settlements = await settleAll({ ...options, network }, folder.credits);
    settled.inc(settlements.settled);
    claims += outcome.claimed;
    tokens += outcome.amount;
    paid.inc(outcome.claimed);
    refused.inc(outcome.failed + settlements.failed);
    const { totalClaimed } = await readLedger(connection, options.network);
    const epoch = latest.epoch.toString();
    logger.info(
      {
        epoch,
        claims: outcome.claimed,
        amount: outcome.amount.toString(),
        creditsSettled: settlements.settled,
        totalClaimed: totalClaimed.toString(),
      },
      'claimed',
    );
    if (outcome.failed === 0 && settlements.failed === 0) done = latest;
  }

  async function turn(): Promise<void> {
    // First what is final already: a ripe tuple that no folder explains must not keep anybody from being paid.
    await claimLatest();
    const network = await readNetwork(connection, options.network);
    const outcome = await finalizeRipe({ ...options, network });
    if (outcome.kind === 'finalized') {
      finalized.inc();
      logger.info({ epoch: outcome.epoch.toString(), signature: outcome.signature }, 'finalized');
      await claimLatest();
    }
    reachable = true;
  }

  return {
    health: () => ({
      ok: reachable,
      claimedEpoch: done?.epoch.toString() ?? null,
      claims,
      tokens: tokens.toString(),
    }),
    turn,
    run: () =>
      runLoop({
        signal,
        backoff: CHAIN_BACKOFF,
        intervalMs: options.pollMs,
        turn,
        onFailure: ({ error, failures }) => {
          reachable = false;
          logger.warn({ error, failures }, 'cannot finalize or claim: trying again');
        },
      }),
  };
}
