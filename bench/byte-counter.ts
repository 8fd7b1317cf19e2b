import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A port that passes everything on to another one and counts it. */
export interface ByteCounter {
  readonly port: number;
  /** Inside TCP, both ways together. */
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
}

export async function openByteCounter(to: number): Promise<ByteCounter> {
  let bytes = 0;
  const open = new Set<Socket>();
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
  };
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', count);
      from.on('error', () => into.destroy());
      open.add(from);
      from.once('close', () => open.delete(from));
      from.pipe(into);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    bytes: () => bytes,
    close: async () => {
      server.close();
      // Clients keep connections for their next request.
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
