import type { Chain } from './chain.ts';
import { ALLOWED_METHODS } from './methods.ts';
import { callRpc, isRecord } from './rpc.ts';

/** Answers one JSON-RPC request as text: what the chain said, but for its known faults, or a refusal. */
export async function answerCall(
  { rpcUrl, genesisHash }: Pick<Chain, 'rpcUrl' | 'genesisHash'>,
  request: unknown,
): Promise<string> {
  if (!isRecord(request) || typeof request['method'] !== 'string')
    return refusal({ id: null, code: -32600, message: 'expected an object with a method' });
  const { method, id = null } = request;
  if (!ALLOWED_METHODS.has(method))
    return refusal({ id, code: -32601, message: `${method} is not a standard method; localnet refuses it` });
  if (method === 'getGenesisHash' && genesisHash !== null)
    return JSON.stringify({ jsonrpc: '2.0', result: genesisHash, id });
  const forwarded = { ...request, params: standardParams(method, request['params']) };
  try {
    const response = await fetch(rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(forwarded),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (method !== 'getTransaction' && method !== 'getBlock') return text;
    return await withBlockTime({ text, rpcUrl, slot: slotOf(method, forwarded.params, text) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refusal({ id, code: -32603, message: `the local chain did not answer: ${reason}` });
  }
}

export function refusal(options: {
  readonly id: unknown;
  readonly code: number;
  readonly message: string;
}): string {
  const { id, ...error } = options;
  return JSON.stringify({ jsonrpc: '2.0', error, id });
}

/** Surfpool has no encoding where the standard says json. */
function standardParams(method: string, params: unknown): unknown {
  if (!Array.isArray(params) || (method !== 'getBlock' && method !== 'getTransaction')) return params;
  const subject: unknown = params[0];
  const config: unknown = params[1];
  if (config === undefined || config === null) return [subject, { encoding: 'json' }];
  return isRecord(config) ? [subject, { encoding: 'json', ...config }] : params;
}

function slotOf(method: string, params: unknown, text: string): number | null {
  if (method === 'getBlock') return Array.isArray(params) && typeof params[0] === 'number' ? params[0] : null;
  const answer: unknown = JSON.parse(text);
  const result = isRecord(answer) ? answer['result'] : undefined;
  return isRecord(result) && typeof result['slot'] === 'number' ? result['slot'] : null;
}

/** Seconds that were divided by 1000 once more have at most 7 digits for the next 200 years. */
const SHORT_BLOCK_TIME = /"blockTime":\d{1,7}(?=[,}])/g;

/** Text, not JSON, is edited: numbers above 2^53 must pass as they are, and no JSON string holds a bare quote. */
async function withBlockTime(options: {
  readonly text: string;
  readonly rpcUrl: string;
  readonly slot: number | null;
}): Promise<string> {
  const { text, rpcUrl, slot } = options;
  if (slot === null || text.search(SHORT_BLOCK_TIME) < 0) return text;
  const time = await callRpc(rpcUrl, { method: 'getBlockTime', params: [slot] });
  if (typeof time !== 'number') return text;
  return text.replaceAll(SHORT_BLOCK_TIME, `"blockTime":${time}`);
}
