import type { RouteRequest } from '#protocol/route/route-request';
import { encodeRouteRequest, openRouteRequest, routeMessage } from '#protocol/route/route-request';
import { signingKeyOf } from '#services/runtime/signing-seed';
import { readSigner } from '../chain/read-signer.ts';
import { CliError } from '../cli-error.ts';

/** The owner's key: its address, and what it signs with. */
export interface OwnerKey {
  readonly address: string;
  sign(message: Uint8Array): Uint8Array;
}

export async function readOwnerKey(file: string): Promise<OwnerKey> {
  const keypair = await readSigner(file);
  const { sign } = signingKeyOf(keypair.secretKey.slice(0, 32));
  return { address: keypair.publicKey.toBase58(), sign };
}

/** Signs and posts; answers with the log's receipt in JSON. Refuses what the router would not understand before it is sent. */
export async function postRoute(
  router: string,
  key: OwnerKey,
  route: { readonly request: RouteRequest; readonly private: object | null },
): Promise<unknown> {
  const bytes = encodeRouteRequest(route.request);
  openRouteRequest(bytes);
  const body = JSON.stringify({
    request: Buffer.from(bytes).toString('base64'),
    signature: Buffer.from(key.sign(routeMessage(bytes))).toString('base64'),
    private: route.private,
  });
  const headers = { 'content-type': 'application/json' };
  const answer = await askRouter(router, '/v1/routes', { method: 'POST', headers, body });
  return fieldOf(answer, 'receipt');
}

/** What the router answers in JSON; CliError with its own code and sentence where it refuses. */
export async function askRouter(router: string, path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`${router.replace(/\/+$/, '')}${path}`, {
    ...init,
    signal: AbortSignal.timeout(20_000),
  }).catch((error: unknown) => {
    throw new CliError('router_unreachable', { router }, { cause: error });
  });
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  const refused = fieldOf(answer, 'refused');
  const context = {
    router,
    status: response.status,
    code: textOf(refused, 'code'),
    message: textOf(refused, 'message'),
  };
  throw new CliError(
    response.status >= 500 || response.status === 429 ? 'router_unreachable' : 'router_refused',
    context,
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(name)
    : undefined;
}

function textOf(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  return typeof field === 'string' ? field : '';
}
