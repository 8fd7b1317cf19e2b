import { policyAt } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochBounds } from '#services/runtime/chain-epoch';
import type { TupleSearch } from '#services/runtime/chain-history';
import { Outage } from '#services/runtime/outage';
import type { ChainView } from './chain-view.ts';
import type { Parent } from './parent.ts';
import { proposals } from './proposals.ts';
import { leaveOutFrom, settleEpoch, type SettledEpoch, type SettleOptions } from './settle-epoch.ts';

/** Seconds on the chain's clock between two looks at what was left out, and at what others propose. */
export const RECONSIDER_S = 5;

/**
 * Oracles that saw other cuts of an epoch come together (evidence.md, "The cut"), in an order that never swaps two of them.
 * Up to twice late_log_ms only more evidence is looked for: what was left out may be at hand now ('again': compute anew).
 * After that, whoever sees k - 1 others agree on one tuple computes on its cuts, and votes for it where it comes out the
 * same; and whoever is among k - 1 that agree waits for the last one. null: nothing changes.
 */
export async function reconsider(
  options: SettleOptions,
  from: {
    readonly view: ChainView;
    readonly parent: Parent;
    readonly tuple: Tuple;
    readonly leftOut: readonly string[];
    readonly votedTuples: TupleSearch;
  },
): Promise<(SettledEpoch & { readonly tuple: Tuple }) | 'again' | null> {
  const { view, parent, tuple, leftOut } = from;
  const { votes: others, k } = proposals(view, options.oracle.publicKey);
  const { policy } = await options.policyOf(policyAt(view.network, tuple.epoch).hash);
  const isLate = view.unixTime >= leaveOutFrom(policy, epochBounds(view.network, tuple.epoch), 2);
  const ours = tupleHash(tuple);
  if (leftOut.length > 0 && !(isLate && (others.get(ours) ?? 0) + 1 >= k - 1)) return 'again';
  if (!isLate) return null;
  for (const [hash, votes] of others) {
    if (hash === ours || votes < k - 1) continue;
    const proposed = await from.votedTuples.find(hash);
    if (proposed === null || proposed.parentTupleHash !== tuple.parentTupleHash) continue;
    // On equal cuts it is not the evidence that differs.
    if (proposed.epoch === tuple.epoch && proposed.evidenceHash === tuple.evidenceHash) continue;
    const settled = await onTheirCuts(options, { view, parent, proposed });
    if (settled?.tuple && tupleHash(settled.tuple) === hash) return { ...settled, tuple: settled.tuple };
  }
  return null;
}

async function onTheirCuts(
  options: SettleOptions,
  from: { readonly view: ChainView; readonly parent: Parent; readonly proposed: Tuple },
): Promise<SettledEpoch | null> {
  const { view, parent, proposed } = from;
  const { epoch, evidenceHash } = proposed;
  try {
    return await settleEpoch(options, {
      view,
      parent,
      epoch,
      proposed: { tupleHash: tupleHash(proposed), evidenceHash, isFinal: false },
    });
  } catch (error) {
    if (error instanceof Outage && error.code === 'evidence_unavailable') return null;
    throw error;
  }
}
