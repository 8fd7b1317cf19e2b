import { SYSVAR_CLOCK_PUBKEY, type AccountInfo, type Connection, type PublicKey } from '@solana/web3.js';
import { ballotAddress } from '../address.ts';
import { ClientError } from '../client-error.ts';
import { PROGRAM_ID } from '../idl.ts';
import type { ReadOptions } from './account.ts';
import { decodeBallot, type Ballot } from './ballot.ts';
import { decodeClock, type Clock } from './clock.ts';
import { decodeNetwork, type Network } from './network.ts';

/** What settlement goes by, as of one slot. */
export interface Settlement extends Clock {
  readonly network: Network;
  readonly ballot: Ballot;
}

/** Clock, Network and Ballot by one request, so that they belong together. */
export async function readSettlement(
  connection: Connection,
  address: PublicKey,
  options: ReadOptions,
): Promise<Settlement> {
  const ballot = ballotAddress(address);
  const addresses = [SYSVAR_CLOCK_PUBKEY, address, ballot];
  const { value } = await connection.getMultipleAccountsInfoAndContext(addresses, options);
  const clock = value[0] ?? missing('Clock', SYSVAR_CLOCK_PUBKEY);
  return {
    ...decodeClock(clock.data),
    network: decodeNetwork(address, dataOf(value[1], { type: 'Network', address })),
    ballot: decodeBallot(ballot, dataOf(value[2], { type: 'Ballot', address: ballot })),
  };
}

function dataOf(
  account: AccountInfo<Buffer> | null | undefined,
  { type, address }: { readonly type: string; readonly address: PublicKey },
): Uint8Array {
  const { owner, data } = account ?? missing(type, address);
  if (!owner.equals(PROGRAM_ID))
    throw new ClientError('malformed_account', { address: address.toBase58(), owner: owner.toBase58() });
  return data;
}

function missing(type: string, address: PublicKey): never {
  throw new ClientError('account_missing', { type, address: address.toBase58() });
}
