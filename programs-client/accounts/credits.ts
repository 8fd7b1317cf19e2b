import type { Connection, PublicKey } from '@solana/web3.js';
import type { RawCredits } from '#protocol/settle/registry';
import { amount, epochNumber, type Address, type Amount, type EpochNumber } from '#protocol/units';
import { creditsAddress } from '../address.ts';
import type { Fields } from '../fields.ts';
import { decodeAccount, findAccount, listAccounts, type AtSlot, type ReadOptions } from './account.ts';

/** Data credits of an owner of devices: what oracles read of them (RawCredits), and what they may give back. */
export interface Credits extends RawCredits {
  readonly account: PublicKey;
  readonly network: PublicKey;
  /** Tokens that all credits together that are not settled would give back. */
  readonly refundable: Amount;
  /** Credits that were asked back and are off the balance from an epoch on; null where there are none. */
  readonly withdrawal: { readonly credits: bigint; readonly fromEpoch: EpochNumber } | null;
}

/** null where the owner has never bought any. */
export async function readCredits(
  connection: Connection,
  { network, owner }: { readonly network: PublicKey; readonly owner: PublicKey },
  options?: ReadOptions,
): Promise<Credits | null> {
  const account = creditsAddress(network, owner);
  const { value } = await findAccount(connection, 'Credits', account, options);
  return value === null ? null : creditsOf(account, value);
}

/** Every owner's credits in a network as of one slot. */
export async function readAllCredits(
  connection: Connection,
  network: PublicKey,
  options?: ReadOptions,
): Promise<AtSlot<readonly Credits[]>> {
  const { slot, value } = await listAccounts(connection, 'Credits', network, options);
  return { slot, value: value.map((item) => creditsOf(item.address, item.fields)) };
}

export function decodeCredits(account: PublicKey, data: Uint8Array): Credits {
  return creditsOf(account, decodeAccount('Credits', account, data));
}

const creditsOf = (account: PublicKey, fields: Fields): Credits => {
  const balance = fields.struct('balance');
  const credits = fields.u64('withdrawal');
  return {
    account,
    network: fields.address('network'),
    owner: fields.address('owner').toBase58() as Address,
    firstEpoch: epochNumber(fields.u64('first_epoch')),
    balance: {
      current: balance.u64('current'),
      next: balance.u64('next'),
      nextFrom: epochNumber(balance.u64('next_from_epoch')),
    },
    settled: fields.u64('settled_total'),
    refundable: amount(fields.u64('refundable')),
    withdrawal:
      credits === 0n ? null : { credits, fromEpoch: epochNumber(fields.u64('withdrawal_from_epoch')) },
  };
};
