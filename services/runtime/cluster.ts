import { Outage, type OutageCode } from './outage.ts';
import { rpcName } from './rpc-name.ts';

/** What an RPC must have before anything that it says is used. */
export interface ClusterPin {
  /** Of the cluster that the network was created on: an RPC of any other tells of another network. */
  readonly genesisHash: string;
  /** Accounts without which the RPC is of no use, with what is said where one is not there. */
  readonly accounts?: readonly { readonly address: string; readonly missing: OutageCode }[];
}

type Ask = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** An address may lead to another node at any time; how long one answer about its cluster is believed. */
const RECHECK_MS = 60_000;

/**
 * Sends nothing before the RPC has shown that it is of the cluster; asks it again after a failed request, behind which
 * another node may have taken its place, and every minute.
 */
export function guardCluster(
  ask: Ask,
  options: { readonly url: string; readonly pin: ClusterPin; readonly elapsed?: () => number },
): Ask {
  const { url, pin, elapsed = () => performance.now() } = options;
  let check: Promise<void> | null = null;
  let checkedAt = 0;
  const checked = (): Promise<void> => {
    if (check !== null && elapsed() - checkedAt < RECHECK_MS) return check;
    const started = requireCluster(ask, url, pin);
    started.catch(() => {
      if (check === started) check = null;
    });
    [check, checkedAt] = [started, elapsed()];
    return started;
  };
  return async (input, init) => {
    await checked();
    try {
      const response = await ask(input, init);
      if (response.status >= 500) check = null;
      return response;
    } catch (error) {
      check = null;
      throw error;
    }
  };
}

async function requireCluster(ask: Ask, url: string, pin: ClusterPin): Promise<void> {
  const rpc = rpcName(url);
  const found = await call(ask, url, { method: 'getGenesisHash', params: [] });
  if (found !== pin.genesisHash)
    throw new Outage('cluster_differs', {
      rpc,
      found: typeof found === 'string' ? found : 'no hash',
      expected: pin.genesisHash,
    });
  for (const { address, missing } of pin.accounts ?? []) {
    const config = { commitment: 'confirmed', encoding: 'base64', dataSlice: { offset: 0, length: 0 } };
    const answer = await call(ask, url, { method: 'getAccountInfo', params: [address, config] });
    if (field(answer, 'value') === null) throw new Outage(missing, { rpc, address, cluster: found });
  }
}

async function call(
  ask: Ask,
  url: string,
  request: { readonly method: string; readonly params: readonly unknown[] },
): Promise<unknown> {
  const unreachable = (cause: unknown): Outage =>
    new Outage('chain_unreachable', { rpc: rpcName(url), method: request.method }, { cause });
  const response = await ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...request }),
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  if (!response.ok) throw unreachable(new Error(`HTTP status ${response.status}`));
  const answer: unknown = await response.json().catch((error: unknown) => {
    throw unreachable(error);
  });
  const result = field(answer, 'result');
  if (result === undefined) throw unreachable(new Error(JSON.stringify(field(answer, 'error') ?? null)));
  return result;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
