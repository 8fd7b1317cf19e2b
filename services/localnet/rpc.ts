/** One JSON-RPC call over HTTP; an error answer is thrown with its code. */
export async function callRpc(
  url: string,
  request: { readonly method: string; readonly params: readonly unknown[] },
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...request }),
    signal: AbortSignal.timeout(30_000),
  });
  const answer: unknown = await response.json();
  if (!isRecord(answer)) throw new Error(`${request.method}: the chain's answer is not an object`);
  if (answer['error'] !== undefined)
    throw new Error(`${request.method} failed: ${JSON.stringify(answer['error'])}`);
  return answer['result'];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
