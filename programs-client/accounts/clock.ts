import { SYSVAR_CLOCK_PUBKEY, type Commitment, type Connection } from '@solana/web3.js';
import { ClientError } from '../client-error.ts';

export interface Clock {
  readonly slot: number;
  /** Seconds since the Unix epoch, by the chain's clock: what the program compares with. */
  readonly unixTime: number;
}

export async function readClock(connection: Connection, commitment?: Commitment): Promise<Clock> {
  const account = await connection.getAccountInfo(SYSVAR_CLOCK_PUBKEY, commitment);
  if (account === null) throw new ClientError('account_missing', { type: 'Clock' });
  return decodeClock(account.data);
}

export function decodeClock(data: Buffer): Clock {
  if (data.length < 40) throw new ClientError('malformed_account', { type: 'Clock', length: data.length });
  return { slot: Number(data.readBigUInt64LE(0)), unixTime: Number(data.readBigInt64LE(32)) };
}
