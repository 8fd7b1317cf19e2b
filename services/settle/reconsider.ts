import { policyAt } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
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
 * Oracles that saw other cuts of an epoch come together (evidence.md, "Oracles that see other cuts"), in an order that
 * never swaps two of them. Up to twice late_log_ms only more evidence is looked for: what was left out may be at hand now
 * ('again': compute anew). After that a log that forked is left out by all who can see it, and whoever sees k - 1 others
 * agree on one tuple computes on its cuts, and votes for it where it comes out the same, unless it leaves out what was here
 * in time; and whoever is among k - 1 that agree stays on its cuts and waits for the last one. Disclosures are looked for
 * for as long as some are missing: they only add to what all can count, so that nobody waits for who has fewer. null:
 * nothing changes.
 */
export async function reconsider(
  options: SettleOptions,
  from: {
    readonly view: ChainView;
    readonly parent: Parent;
    readonly tuple: Tuple;
    readonly leftOut: readonly string[];
    /** Whether it was computed without some disclosures, which may be here now. */
    readonly lacksDisclosures: boolean;
    /** Whether every log was at hand before any could be left out: then fewer than k must not talk us out of it. */
    readonly inTime: boolean;
    readonly votedTuples: TupleSearch;
  },
): Promise<(SettledEpoch & { readonly tuple: Tuple }) | 'again' | null> {
  const { view, tuple, leftOut } = from;
  const { votes: others, k } = proposals(view, options.oracle.publicKey);
  const { policy } = await options.policyOf(policyAt(view.network, tuple.epoch).hash);
  const isLate = view.unixTime >= leaveOutFrom(policy, epochBounds(view.network, tuple.epoch), 2);
  const ours = tupleHash(tuple);
  if (isLate) {
    // A log that showed others another tree is found out by their mirrors; then nobody counts it.
    await options.evidence.sync(policy.logs, { everywhere: true });
    const forked = await options.evidence.forked(policy.logs);
    if (forked.some((origin) => !leftOut.includes(origin))) return 'again';
  }
  const isLastOne = (others.get(ours) ?? 0) + 1 >= k - 1;
  if (isLate && !from.inTime)
    for (const [hash, votes] of others) {
      if (hash === ours || votes < k - 1) continue;
      const moved = await moveTo(options, { ...from, hash });
      if (moved !== null) return moved;
    }
  if (isLate && isLastOne) return from.lacksDisclosures ? await onCutsOf(options, { ...from, tuple }) : null;
  return leftOut.length > 0 || from.lacksDisclosures ? 'again' : null;
}

async function moveTo(
  options: SettleOptions,
  from: {
    readonly view: ChainView;
    readonly parent: Parent;
    readonly tuple: Tuple;
    readonly votedTuples: TupleSearch;
    readonly hash: Hash;
  },
): Promise<(SettledEpoch & { readonly tuple: Tuple }) | null> {
  const { view, parent, tuple, hash } = from;
  const proposed = await from.votedTuples.find(hash).catch((error: unknown) => {
    if (error instanceof Outage && error.code === 'history_unavailable') return null;
    throw error;
  });
  if (proposed === null || proposed.parentTupleHash !== tuple.parentTupleHash) return null;
  // A later epoch would leave this one unpaid, and on equal cuts it is not the evidence that differs.
  if (proposed.epoch !== tuple.epoch || proposed.evidenceHash === tuple.evidenceHash) return null;
  const settled = await onCutsOf(options, { view, parent, tuple: proposed, wanted: hash });
  return settled !== null && tupleHash(settled.tuple) === hash ? settled : null;
}

async function onCutsOf(
  options: SettleOptions,
  from: {
    readonly view: ChainView;
    readonly parent: Parent;
    readonly tuple: Tuple;
    /** Without it whatever comes out is kept. */
    readonly wanted?: Hash;
  },
): Promise<(SettledEpoch & { readonly tuple: Tuple }) | null> {
  const { view, parent, wanted = null } = from;
  const { epoch, evidenceHash } = from.tuple;
  try {
    const proposed = { tupleHash: wanted, evidenceHash, isFinal: false };
    const settled = await settleEpoch(options, { view, parent, epoch, proposed });
    return settled.tuple === null ? null : { ...settled, tuple: settled.tuple };
  } catch (error) {
    if (error instanceof Outage && error.code === 'evidence_unavailable') return null;
    throw error;
  }
}
