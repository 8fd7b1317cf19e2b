import type { Connection, PublicKey } from '@solana/web3.js';
import { amount, type Amount } from '#protocol/units';
import { ledgerAddress } from '../address.ts';
import { readAccount, type ReadOptions } from './account.ts';

export interface Ledger {
  readonly address: PublicKey;
  readonly network: PublicKey;
  readonly totalClaimed: Amount;
  /** Burned for data credits. */
  readonly creditsBurned: Amount;
  /** Minted again for credits that were withdrawn; at most what was burned for them. */
  readonly creditsRefunded: Amount;
}

export async function readLedger(
  connection: Connection,
  network: PublicKey,
  options?: ReadOptions,
): Promise<Ledger> {
  const address = ledgerAddress(network);
  const fields = await readAccount(connection, 'Ledger', address, options);
  return {
    address,
    network: fields.address('network'),
    totalClaimed: amount(fields.u64('total_claimed')),
    creditsBurned: amount(fields.u64('credits_burned')),
    creditsRefunded: amount(fields.u64('credits_refunded')),
  };
}
