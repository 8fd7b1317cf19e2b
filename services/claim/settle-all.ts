import { PublicKey } from '@solana/web3.js';
import { createTokenAccount, readAllCredits, settleCredits } from '#client';
import { sendParcels, type SendContext } from './claim-all.ts';
import { dueSettlements, type DueSettlement, type ProveCredits } from './due-settlements.ts';
import type { Parcel } from './pack.ts';

export interface SettleOutcome {
  readonly settled: number;
  /** That the chain refused; tried again with the next turn. */
  readonly failed: number;
}

/** Settles every owner's data credits by the latest final root; idempotent, totals only grow. */
export async function settleAll(context: SendContext, prove: ProveCredits): Promise<SettleOutcome> {
  const { connection, network } = context;
  if (network.latest === null) return { settled: 0, failed: 0 };
  const { value } = await readAllCredits(connection, network.address);
  const due = dueSettlements(value, { latest: network.latest.epoch, prove });
  const failed = await sendParcels(
    context,
    due.map((item) => parcelOf(context, item)),
  );
  return { settled: due.length - failed.size, failed: failed.size };
}

function parcelOf({ network, payer }: SendContext, { credits, proof, pays }: DueSettlement): Parcel {
  const owner = new PublicKey(credits.owner);
  const of = { network: network.address, owner };
  return {
    label: `credits of ${credits.owner}`,
    instructions: [
      ...(pays ? [createTokenAccount({ ...of, payer: payer.publicKey })] : []),
      settleCredits({ ...of, ...proof }),
    ],
  };
}
