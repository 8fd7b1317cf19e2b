import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Chain } from './chain.ts';
import { answerCall, refusal } from './gateway-call.ts';
import { isLocalHost, isLocalOrigin } from './local-origin.ts';

/** A transaction is under 2 KB in base64; 100 of them fit. */
const MAX_BODY_BYTES = 256 * 1024;
const MAX_BATCH = 100;

type GatewayChain = Pick<Chain, 'rpcUrl' | 'genesisHash'>;

/** The only way to the chain's HTTP port: standard methods, from this machine's programs and pages. */
export function createGateway(chain: GatewayChain): Server {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    serve({ chain, request, response }).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      send(response, 500, refusal({ id: null, code: -32603, message }));
    });
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

async function serve(options: {
  readonly chain: GatewayChain;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}): Promise<void> {
  const { chain, request, response } = options;
  const refuse = (status: number, message: string): void => {
    send(response, status, refusal({ id: null, code: -32600, message }));
  };
  const { host, origin } = request.headers;
  if (!isLocalHost(host) || !isLocalOrigin(origin)) {
    refuse(403, 'localnet answers programs and pages of this machine only');
    return;
  }
  if (origin !== undefined) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    response.setHeader('access-control-allow-headers', 'content-type, solana-client');
  }
  if (request.method === 'OPTIONS') response.writeHead(204).end();
  else if (request.method === 'GET' && request.url === '/health')
    send(response, 200, await answerCall(chain, { jsonrpc: '2.0', id: 1, method: 'getHealth' }));
  else if (request.method !== 'POST') refuse(405, 'send JSON-RPC by POST');
  else if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
    refuse(415, 'send JSON-RPC as application/json');
  else {
    const body = await readBody(request);
    if (body === null) {
      response.setHeader('connection', 'close');
      refuse(413, `a body has at most ${MAX_BODY_BYTES} bytes`);
    } else await answer({ chain, body, response, refuse });
  }
}

async function answer(options: {
  readonly chain: GatewayChain;
  readonly body: string;
  readonly response: ServerResponse;
  readonly refuse: (status: number, message: string) => void;
}): Promise<void> {
  const { chain, body, response, refuse } = options;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    refuse(400, 'the body is not JSON');
    return;
  }
  if (!Array.isArray(parsed)) send(response, 200, await answerCall(chain, parsed));
  else if (parsed.length === 0 || parsed.length > MAX_BATCH)
    refuse(400, `a batch has 1 to ${MAX_BATCH} requests`);
  else {
    // The engine refuses batches.
    const answers = await Promise.all(parsed.map((request: unknown) => answerCall(chain, request)));
    send(response, 200, `[${answers.join(',')}]`);
  }
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
