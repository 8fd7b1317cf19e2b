import { computeEpoch } from '#protocol/epoch';
import { folderFiles, openFolder } from '#protocol/settle/folder';
import { tupleHash } from '#protocol/settle/tuple';
import { nativeHashes as hashes } from '#services/runtime/evidence/native-hash';
import { Outage } from '#services/runtime/outage';
import { readEpochFiles } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import { finalizedNewestFirst, type FinalEpoch, type HistoricEpoch } from '#services/runtime/chain-history';
import type { ChainView } from './chain-view.ts';
import { GENESIS, openParent, votersOf, type Parent } from './parent.ts';
import { SettleError } from './settle-error.ts';
import { settleEpoch, type SettleOptions } from './settle-epoch.ts';

interface CatchUpOptions extends SettleOptions {
  /** Base of another oracle's public files; null: adopt nothing. */
  readonly adoptFrom: string | null;
}

/**
 * Others made epochs final while this oracle was away: it computes each of them itself, from the logs and the chain, and
 * goes on only where it comes to the same tuple. Where the chain has forgotten too much for that, the operator may name
 * a mirror; a folder from there is recomputed from its own files before anything is built on it.
 */
export async function catchUp(options: CatchUpOptions, view: ChainView): Promise<Parent> {
  const { latest } = view.network;
  if (latest === null) return GENESIS;
  const own = await openParent(options.store, latest);
  if (own !== null) return own;
  try {
    return await recomputeMissed(options, { view, latest });
  } catch (error) {
    if (options.adoptFrom === null || !isForgotten(error)) throw error;
    options.logger.warn(
      { error, adoptFrom: options.adoptFrom },
      'cannot recompute a missed epoch: adopting it',
    );
    return await adopt(options, { latest, adoptFrom: options.adoptFrom });
  }
}

/** The node or the logs have no record of the epoch, or the registry has moved on since: waiting helps against none. */
function isForgotten(error: unknown): boolean {
  if (error instanceof SettleError) return true;
  return (
    error instanceof Outage && (error.code === 'history_unavailable' || error.code === 'evidence_unavailable')
  );
}

async function recomputeMissed(
  options: CatchUpOptions,
  from: { readonly view: ChainView; readonly latest: FinalEpoch },
): Promise<Parent> {
  const missed: HistoricEpoch[] = [];
  let parent = GENESIS;
  for await (const finalized of finalizedNewestFirst(options.connection, options.network)) {
    const own = await openParent(options.store, finalized);
    if (own !== null) {
      parent = own;
      break;
    }
    missed.unshift(finalized);
  }
  if (missed.at(-1)?.tupleHash !== from.latest.tupleHash)
    throw new Outage('history_unavailable', { epoch: from.latest.epoch });
  for (const finalized of missed) {
    const { epoch, tupleHash: final } = finalized;
    const { view } = from;
    const { evidenceHash } = finalized.tuple;
    const proposed = { tupleHash: final, evidenceHash, isFinal: true };
    const settled = await settleEpoch(options, { view, parent, epoch, proposed });
    const hash = settled.tuple === null ? null : tupleHash(settled.tuple);
    if (hash !== final) throw differs(finalized, hash);
    options.logger.info({ epoch: epoch.toString(), tupleHash: hash }, 'recomputed a missed epoch');
    parent = (await openParent(options.store, finalized)) ?? parent;
  }
  return parent;
}

async function adopt(
  options: CatchUpOptions,
  from: { readonly latest: FinalEpoch; readonly adoptFrom: string },
): Promise<Parent> {
  const { latest } = from;
  const files = await readEpochFiles(openPublicFiles(from.adoptFrom), latest.epoch);
  if (files === null) throw new Outage('file_missing', { location: from.adoptFrom, epoch: latest.epoch });
  const { stateBefore, tuple, ...input } = openFolder(files);
  if (tupleHash(tuple) !== latest.tupleHash) throw differs(latest, tupleHash(tuple));
  const epochInput = { ...input, state: stateBefore, verify: options.verify, hashes };
  const result = computeEpoch(epochInput);
  if (result.kind === 'empty') throw differs(latest, null);
  if (result.tupleHash !== latest.tupleHash) throw differs(latest, result.tupleHash);
  const { epoch, parentTupleHash } = tuple;
  // Our own bytes, not the mirror's: nothing signs its verdicts and its summary.
  const own = folderFiles(epochInput, result);
  await options.store.write({ epoch, tupleHash: latest.tupleHash, parentTupleHash }, own);
  options.logger.info({ epoch: epoch.toString(), tupleHash: latest.tupleHash }, 'adopted a final epoch');
  return { tuple, state: result.state, voters: votersOf(latest) };
}

function differs(finalized: FinalEpoch, ours: string | null): SettleError {
  return new SettleError('final_tuple_differs', {
    epoch: finalized.epoch.toString(),
    final: finalized.tupleHash,
    ours,
  });
}
