import { Connection, type Commitment } from '@solana/web3.js';

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
