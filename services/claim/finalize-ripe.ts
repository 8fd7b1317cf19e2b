import type { Connection, Keypair } from '@solana/web3.js';
import { finalize, readBallot, readClock, sendInstructions, type Network } from '#client';
import type { EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import type { FolderSource } from './folder-source.ts';

export type RipeOutcome =
  | { readonly kind: 'nothing_ripe' }
  | { readonly kind: 'delay_runs'; readonly epoch: EpochNumber; readonly seconds: number }
  | { readonly kind: 'finalized'; readonly epoch: EpochNumber; readonly signature: string };

/** Makes the ripe tuple final once its challenge delay is over, with the tuple from an oracle's public folder. */
export async function finalizeRipe(context: {
  readonly connection: Connection;
  readonly payer: Keypair;
  readonly network: Network;
  readonly folders: FolderSource;
  readonly signal: AbortSignal;
}): Promise<RipeOutcome> {
  const { connection, network, payer, signal } = context;
  const { ripe } = await readBallot(connection, network.address);
  if (ripe === null) return { kind: 'nothing_ripe' };
  const { unixTime } = await readClock(connection);
  const seconds = Number(ripe.since) + network.challengeDelayS - unixTime;
  if (seconds > 0) return { kind: 'delay_runs', epoch: ripe.epoch, seconds };
  const folder = await context.folders.find(ripe);
  if (folder === null) throw new Outage('file_missing', { epoch: ripe.epoch, tupleHash: ripe.tupleHash });
  const instructions = [finalize({ tuple: folder.tuple })];
  const { signature } = await sendInstructions(connection, { instructions, payer, signal });
  return { kind: 'finalized', epoch: ripe.epoch, signature };
}
