import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';

/** How a call ended: trailers, or null where the stream was reset or the connection broke. */
export interface CallEnd {
  readonly status: number | null;
  readonly message: string;
  readonly trailers: IncomingHttpHeaders;
}

/** A gRPC call on node:http2 alone, byte by byte as a hotspot makes it. */
export interface RawCall {
  readonly stream: ClientHttp2Stream;
  /** Resolves when the response headers are here; a hotspot sends nothing before. */
  readonly headers: Promise<IncomingHttpHeaders>;
  send(message: Uint8Array): void;
  write(bytes: Uint8Array): void;
  /** The next message; null when the call ended before it. */
  next(): Promise<Uint8Array | null>;
  readonly ended: Promise<CallEnd>;
}

export interface RawClient {
  readonly session: ClientHttp2Session;
  call(path: string, headers?: Readonly<Record<string, string>>): RawCall;
  unary(path: string, message: Uint8Array): Promise<CallEnd & { readonly answer: Uint8Array | null }>;
  close(): Promise<void>;
}

export function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

/** `dial` makes the connection where it is to be made in another way than by the address. */
export function rawGrpcClient(url: string, dial?: () => Socket): RawClient {
  const session = connect(url, dial === undefined ? {} : { createConnection: dial });
  session.on('error', () => undefined);
  const call: RawClient['call'] = (path, more = {}) => openCall(session, path, more);
  return {
    session,
    call,
    unary: async (path, message) => {
      const made = call(path);
      made.send(message);
      made.stream.end();
      const answer = await made.next();
      return { ...(await made.ended), answer };
    },
    close: () =>
      new Promise((resolve) => {
        if (session.destroyed) resolve();
        else {
          session.once('close', () => {
            resolve();
          });
          session.destroy();
        }
      }),
  };
}

function openCall(
  session: ClientHttp2Session,
  path: string,
  more: Readonly<Record<string, string>>,
): RawCall {
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...more },
    { endStream: false },
  );
  let buffer = Buffer.alloc(0);
  const messages: Uint8Array[] = [];
  const waiting: ((message: Uint8Array | null) => void)[] = [];
  let over = false;
  let trailers: IncomingHttpHeaders = {};

  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 5 && buffer.length >= 5 + buffer.readUInt32BE(1)) {
      const length = buffer.readUInt32BE(1);
      const message = Uint8Array.from(buffer.subarray(5, 5 + length));
      buffer = buffer.subarray(5 + length);
      const first = waiting.shift();
      if (first === undefined) messages.push(message);
      else first(message);
    }
  });
  stream.on('trailers', (received: IncomingHttpHeaders) => {
    trailers = received;
  });
  const headers = new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.once('response', resolve);
    stream.once('close', () => {
      reject(new Error('closed without response headers'));
    });
  });
  headers.catch(() => undefined);
  const ended = new Promise<CallEnd>((resolve) => {
    const finish = (): void => {
      over = true;
      for (const each of waiting.splice(0)) each(null);
      const status = trailers['grpc-status'];
      const text = trailers['grpc-message'];
      resolve({
        status: status === undefined ? null : Number(status),
        message: typeof text === 'string' ? decodeURIComponent(text) : '',
        trailers,
      });
    };
    stream.once('end', finish);
    stream.once('close', finish);
  });
  return {
    stream,
    headers,
    ended,
    send: (message) => {
      stream.write(frame(message));
    },
    write: (bytes) => {
      stream.write(bytes);
    },
    next: () => {
      const message = messages.shift();
      if (message !== undefined) return Promise.resolve(message);
      if (over) return Promise.resolve(null);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
