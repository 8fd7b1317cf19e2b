import type { PublicKey } from '@solana/web3.js';
import type { Leaf, LeafKey } from '#protocol/settle/leaf';
import type { Amount } from '#protocol/units';

/** The account that claims for a leaf, as the chain has it. */
export interface Subject {
  /** Address of the Hotspot or Payee account. */
  readonly account: PublicKey;
  /** Wallet whose token account is paid. */
  readonly destination: PublicKey;
  readonly claimed: Amount;
  /** A payee that nobody has created yet. */
  readonly missing: boolean;
}

export interface DueClaim {
  readonly leaf: Leaf;
  /** Position of the leaf in the settlement tree. */
  readonly index: number;
  readonly subject: Subject;
  readonly owed: bigint;
}

/** What the final root owes and the chain has not paid, in leaf order. */
export function dueClaims(
  leaves: readonly Leaf[],
  subjectOf: (key: LeafKey) => Subject | null,
): readonly DueClaim[] {
  return leaves.flatMap((leaf, index) => {
    const subject = subjectOf(leaf.key);
    if (subject === null || leaf.cumulative <= subject.claimed) return [];
    return [{ leaf, index, subject, owed: leaf.cumulative - subject.claimed }];
  });
}
