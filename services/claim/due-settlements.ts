import type { Credits } from '#client';
import type { Address, EpochNumber } from '#protocol/units';

/** What an epoch folder proves of an owner's data credits: its settled total and the place of its leaf. */
export interface CreditsProof {
  readonly settledTotal: bigint;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
}

/** null where the owner has no leaf in the epoch's credits tree. */
export type ProveCredits = (owner: Address) => CreditsProof | null;

export interface DueSettlement {
  readonly credits: Credits;
  readonly proof: CreditsProof;
  /** A withdrawal is paid by it, to the owner's token account. */
  readonly pays: boolean;
}

/** Owners of whose usage the chain knows less than the latest final epoch, or whose withdrawal is due by it. */
export function dueSettlements(
  accounts: readonly Credits[],
  of: { readonly latest: EpochNumber; readonly prove: ProveCredits },
): readonly DueSettlement[] {
  return accounts.flatMap((credits) => {
    const { owner, settled, withdrawal } = credits;
    const proof = of.prove(owner);
    if (proof === null) return [];
    const pays = withdrawal !== null && of.latest + 1n >= withdrawal.fromEpoch;
    return pays || proof.settledTotal > settled ? [{ credits, proof, pays }] : [];
  });
}
