import { Connection, SYSVAR_CLOCK_PUBKEY, type Commitment } from '@solana/web3.js';
import { Outage } from './outage.ts';

/** The chain's own time as one slot holds it. */
export interface ChainClock {
  readonly slot: number;
  /** Seconds since the Unix epoch. */
  readonly unixTime: number;
}

export interface ChainOptions {
  readonly rpcUrl: string;
  /** Where it is not the RPC's port + 1. */
  readonly wsUrl?: string;
  /** `finalized` for whatever settlement reads. */
  readonly commitment?: Commitment;
  readonly timeoutMs?: number;
}

/** A connection whose requests end: web3.js by itself waits for ever on a server that accepts and is silent. */
export function openChain(options: ChainOptions): Connection {
  const timeoutMs = options.timeoutMs ?? 20_000;
  return new Connection(options.rpcUrl, {
    commitment: options.commitment ?? 'finalized',
    disableRetryOnRateLimit: true,
    ...(options.wsUrl === undefined ? {} : { wsEndpoint: options.wsUrl }),
    fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
  });
}

/** Reads the clock sysvar: time and the slot that it belongs to come from one account, so they fit together. */
export async function readClock(connection: Connection, commitment?: Commitment): Promise<ChainClock> {
  const account = await connection.getAccountInfo(SYSVAR_CLOCK_PUBKEY, commitment);
  if (account === null || account.data.length < 40)
    throw new Outage('chain_unreadable', { account: 'clock' });
  return {
    slot: Number(account.data.readBigUInt64LE(0)),
    unixTime: Number(account.data.readBigInt64LE(32)),
  };
}
