import type { Socket } from 'node:net';
import type { HttpServer } from '../http-server.ts';
import type { GrpcServer } from './grpc-server.ts';

/** How HTTP/2 without TLS begins; no HTTP/1.1 method does. */
const PREFACE = 'PRI';
const FIRST_BYTES_MS = 10_000;

/**
 * Serves gRPC on the port of an HTTP/1.1 server: connections that begin as HTTP/2 are given to `grpc`, all others stay
 * where they were. Call it before the server listens; closing the server closes both.
 */
export function shareOnePort(server: HttpServer, grpc: GrpcServer): void {
  const http1 = server.server;
  const others = http1.listeners('connection');
  http1.removeAllListeners('connection');
  /** Connections that have not said yet what they are: neither server knows of them. */
  const untold = new Set<Socket>();
  http1.on('connection', (socket: Socket) => {
    untold.add(socket);
    const forget = (): boolean => untold.delete(socket);
    socket.once('close', forget);
    peek(socket, (isHttp2) => {
      forget();
      socket.removeListener('close', forget);
      if (isHttp2) {
        // HTTP/1.1 servers leave a socket open whose client has ended; an HTTP/2 connection is over then.
        socket.allowHalfOpen = false;
        grpc.accept(socket);
      } else for (const listener of others) Reflect.apply(listener, http1, [socket]);
    });
  });
  server.addHook('preClose', async () => {
    for (const socket of untold) socket.destroy();
    await grpc.close();
  });
}

/** Reads what tells the protocols apart, and puts it back. */
function peek(socket: Socket, tell: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = (): void => {
    socket.destroy();
  };
  const timer = setTimeout(giveUp, FIRST_BYTES_MS).unref();
  const done = (): void => {
    clearTimeout(timer);
    socket.removeListener('readable', look);
    socket.removeListener('error', giveUp);
    socket.removeListener('end', giveUp);
    socket.removeListener('close', done);
  };
  const look = (): void => {
    const chunk: unknown = socket.read();
    if (chunk instanceof Uint8Array) seen = Buffer.concat([seen, chunk]);
    const enough = seen.length >= PREFACE.length || !PREFACE.startsWith(seen.toString('latin1'));
    if (seen.length === 0 || !enough) return;
    done();
    socket.unshift(seen);
    tell(seen.subarray(0, PREFACE.length).toString('latin1') === PREFACE);
  };
  socket.on('error', giveUp);
  socket.on('end', giveUp);
  socket.on('close', done);
  socket.on('readable', look);
}
