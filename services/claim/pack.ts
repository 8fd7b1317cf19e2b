import { PACKET_DATA_SIZE, Transaction, type PublicKey, type TransactionInstruction } from '@solana/web3.js';

/**
 * The runtime ends a transaction after 64 calls, inner ones included; creating a token account makes six, so that ten of
 * any instruction here stay below it.
 */
const MAX_INSTRUCTIONS = 10;
const BLOCKHASH = '11111111111111111111111111111111';

/** Instructions that make sense only together, with what they are for (named when they fail). */
export interface Parcel {
  readonly label: string;
  readonly instructions: readonly TransactionInstruction[];
}

/** Fills transactions with parcels in order, each as full as a packet allows; a parcel is never cut. */
export function packParcels(parcels: readonly Parcel[], payer: PublicKey): readonly (readonly Parcel[])[] {
  const transactions: Parcel[][] = [];
  let open: Parcel[] = [];
  for (const parcel of parcels) {
    if (open.length > 0 && !fits([...open, parcel], payer)) {
      transactions.push(open);
      open = [];
    }
    open.push(parcel);
  }
  if (open.length > 0) transactions.push(open);
  return transactions;
}

function fits(parcels: readonly Parcel[], payer: PublicKey): boolean {
  if (parcels.reduce((sum, { instructions }) => sum + instructions.length, 0) > MAX_INSTRUCTIONS)
    return false;
  const transaction = new Transaction({ feePayer: payer, blockhash: BLOCKHASH, lastValidBlockHeight: 0 });
  for (const parcel of parcels) transaction.add(...parcel.instructions);
  try {
    const signatures = 1 + transaction.compileMessage().header.numRequiredSignatures * 64;
    return transaction.serializeMessage().length + signatures <= PACKET_DATA_SIZE;
  } catch (error) {
    // web3.js encodes into a buffer of one packet and overruns it where the message is longer.
    if (error instanceof RangeError) return false;
    throw error;
  }
}
