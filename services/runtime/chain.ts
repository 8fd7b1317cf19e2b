import { Connection, type Commitment } from '@solana/web3.js';
import { guardCluster, type ClusterPin } from './cluster.ts';
import type { NetworkFile } from './network-file.ts';

export interface ChainOptions {
  readonly rpcUrl: string;
  /** Where it is not the RPC's port + 1. */
  readonly wsUrl?: string;
  /** `finalized` for whatever settlement reads. */
  readonly commitment?: Commitment;
  readonly timeoutMs?: number;
  /** What the RPC must show first: without it, whatever cluster it is of is believed. */
  readonly pin?: ClusterPin;
}

/** A connection whose requests end: web3.js by itself waits for ever on a server that accepts and is silent. */
export function openChain(options: ChainOptions): Connection {
  const { rpcUrl, pin } = options;
  const timeoutMs = options.timeoutMs ?? 20_000;
  const ask = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    fetch(input, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  return new Connection(rpcUrl, {
    commitment: options.commitment ?? 'finalized',
    disableRetryOnRateLimit: true,
    ...(options.wsUrl === undefined ? {} : { wsEndpoint: options.wsUrl }),
    fetch: pin === undefined ? ask : guardCluster(ask, { url: rpcUrl, pin }),
  });
}

/** As openChain; errors of every request are Outages where the RPC is of another cluster, or has no such network. */
export function openNetworkChain(
  { genesisHash, program, network }: Pick<NetworkFile, 'genesisHash' | 'program' | 'network'>,
  options: Omit<ChainOptions, 'pin'>,
): Connection {
  const accounts = [
    { address: program, missing: 'program_missing' },
    { address: network, missing: 'network_missing' },
  ] as const;
  return openChain({ ...options, pin: { genesisHash, accounts } });
}
