import { connect, createServer, type Server, type Socket } from 'node:net';
import { isLocalHost, isLocalOrigin } from './local-origin.ts';

const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_MS = 10_000;

/** A TCP proxy to the chain's websocket, which serves subscriptions only; pages of other machines are refused. */
export function createWebsocketProxy(target: { readonly host: string; readonly port: number }): Server {
  return createServer((client) => {
    client.on('error', () => client.destroy());
    client.setTimeout(HEAD_MS, () => client.destroy());
    let head = Buffer.alloc(0);
    const collect = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length <= MAX_HEAD_BYTES) return;
      client.off('data', collect);
      client.pause();
      if (end < 0 || !isLocalRequest(head.subarray(0, end).toString('latin1')))
        client.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else join({ client, target, head });
    };
    client.on('data', collect);
  });
}

function join(options: {
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly head: Buffer;
}): void {
  const { client, target, head } = options;
  client.setTimeout(0);
  const chain = connect(target, () => {
    chain.write(head);
    client.pipe(chain);
    chain.pipe(client);
  });
  chain.on('error', () => client.destroy());
  chain.on('close', () => client.destroy());
  client.on('close', () => chain.destroy());
}

/** Every Host and Origin line must be local: a second line of a name must not hide behind the first. */
function isLocalRequest(head: string): boolean {
  const values = (name: string): readonly string[] =>
    head
      .split('\r\n')
      .slice(1)
      .filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
  const hosts = values('host');
  return hosts.length === 1 && hosts.every(isLocalHost) && values('origin').every(isLocalOrigin);
}
