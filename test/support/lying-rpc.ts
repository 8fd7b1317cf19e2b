import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { SYSVAR_CLOCK_PUBKEY } from '@solana/web3.js';

/** Bytes of an account changed by its base58 address; null: left out of lists. */
export type ChangeAccount = (address: string, data: Buffer) => Buffer | null;

/** What the proxy does to an answer. */
export type Lie =
  | { readonly kind: 'account'; readonly change: ChangeAccount }
  | { readonly kind: 'genesis_hash'; readonly hash: string }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'server_error' }
  | { readonly kind: 'silence' };

export interface LyingRpc {
  readonly rpcUrl: string;
  /** null: what the chain says. */
  lie: Lie | null;
  close(): Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;

/** An RPC between an oracle and an honest node, of an operator who answers what suits them. */
export async function startLyingRpc(honestUrl: string): Promise<LyingRpc> {
  const silent = new Set<ServerResponse>();
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(Buffer.concat(chunks), response).catch(() => response.destroy());
    });
  });

  async function answer(body: Buffer, response: ServerResponse): Promise<void> {
    const { lie } = rpc;
    if (lie?.kind === 'silence') {
      silent.add(response);
      return;
    }
    if (lie?.kind === 'server_error') response.writeHead(503).end('busy');
    else if (lie?.kind === 'garbage') response.writeHead(200).end('<html>');
    else {
      const headers = { 'content-type': 'application/json' };
      const asked = JSON.parse(body.toString()) as Json;
      const honest = await fetch(honestUrl, { method: 'POST', headers, body: body.toString() });
      const told = (await honest.json()) as Json;
      response.writeHead(200, headers).end(JSON.stringify(lie === null ? told : changed(asked, told, lie)));
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const rpc: LyingRpc = {
    rpcUrl: `http://127.0.0.1:${address.port}`,
    lie: null,
    async close() {
      for (const response of silent) response.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return rpc;
}

/** A change of the chain's clock by some seconds. */
export function clockMoved(seconds: number): Lie {
  return {
    kind: 'account',
    change: (address, data) => {
      if (address === SYSVAR_CLOCK_PUBKEY.toBase58())
        data.writeBigInt64LE(data.readBigInt64LE(32) + BigInt(seconds), 32);
      return data;
    },
  };
}

/** Other bytes wherever these stand in any account. */
export function bytesReplaced(from: Uint8Array, to: Uint8Array): Lie {
  return {
    kind: 'account',
    change: (_address, data) => {
      for (let at = data.indexOf(from); at >= 0; at = data.indexOf(from, at + to.length)) data.set(to, at);
      return data;
    },
  };
}

function changed(asked: Json, told: Json, lie: Extract<Lie, { kind: 'account' | 'genesis_hash' }>): Json {
  if (lie.kind === 'genesis_hash')
    return asked['method'] === 'getGenesisHash' ? { ...told, result: lie.hash } : told;
  const [subject] = asked['params'] as readonly unknown[];
  const result = told['result'] as Json;
  const value: unknown = result['value'];
  if (asked['method'] === 'getMultipleAccounts') {
    const addresses = subject as readonly string[];
    const accounts = (value as readonly Json[]).map((account, at) =>
      withData(addresses[at] ?? '', account, lie),
    );
    return { ...told, result: { ...result, value: accounts } };
  }
  if (asked['method'] !== 'getProgramAccounts') return told;
  const listed = (value as readonly { readonly pubkey: string; readonly account: Json }[]).flatMap((item) => {
    const account = withData(item.pubkey, item.account, lie);
    return account === null ? [] : [{ ...item, account }];
  });
  return { ...told, result: { ...result, value: listed } };
}

function withData(address: string, account: Json, lie: Extract<Lie, { kind: 'account' }>): Json | null {
  const [text] = account['data'] as readonly string[];
  const data = lie.change(address, Buffer.from(text ?? '', 'base64'));
  return data === null ? null : { ...account, data: [data.toString('base64'), 'base64'] };
}
