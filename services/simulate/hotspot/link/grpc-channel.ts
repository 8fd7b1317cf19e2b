import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { Clock } from '#services/simulate/medium/clock';

/** How long the client waits for a connection and for response headers, ms. */
const PATIENCE_MS = 5_000;
const HEAD_BYTES = 5;
const LARGEST_MESSAGE = 4 * 1024 * 1024;

/** A call that failed: gRPC's status, or 14 (unavailable) where nobody answered as gRPC does. */
export class CallError extends Error {
  readonly code = 'call_failed';
  readonly status: number;

  constructor(path: string, status: number, detail: string) {
    super(`${path} failed with status ${status}: ${detail}`);
    this.name = 'CallError';
    this.status = status;
  }
}

export interface Call {
  /** Rejects nothing: what is sent on a closed call is lost, as on the real client. */
  readonly send: (message: Uint8Array) => void;
  /** Cancels it. */
  readonly close: () => void;
}

/** Bytes of gRPC bodies in both directions, without HTTP/2's own frames. */
export interface Traffic {
  sent: number;
  received: number;
}

/** A server by its address, over plain-text HTTP/2; each call has a connection of its own, as with gateway-rs. */
export interface Channel {
  readonly traffic: Readonly<Traffic>;
  /** One message each way. */
  readonly unary: (path: string, message: Uint8Array) => Promise<Uint8Array>;
  /** Both ways; resolves once there are response headers. `ended` is called once, whoever ends it, but for `close`. */
  readonly stream: (
    path: string,
    on: { readonly message: (message: Uint8Array) => void; readonly ended: (error: CallError) => void },
  ) => Promise<Call>;
  readonly close: () => void;
}

export function openChannel(uri: string, clock: Clock): Channel {
  const sessions = new Set<ClientHttp2Session>();
  const traffic: Traffic = { sent: 0, received: 0 };
  let isClosed = false;

  const start = (
    path: string,
  ): { readonly session: ClientHttp2Session; readonly call: ClientHttp2Stream } => {
    // Within the promise of a call: it is rejected.
    if (isClosed) throw new CallError(path, 1, 'the channel is closed');
    const session = connect(uri);
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    // The call says what happened.
    session.on('error', () => undefined);
    const call = session.request(
      {
        ':method': 'POST',
        ':path': path,
        te: 'trailers',
        'content-type': 'application/grpc',
        'user-agent': 'tonic/0.12.3',
      },
      { endStream: false },
    );
    call.on('close', () => {
      session.close();
    });
    return { session, call };
  };
  const write = (call: ClientHttp2Stream, message: Uint8Array): void => {
    if (call.closed || call.destroyed) return;
    traffic.sent += HEAD_BYTES + message.length;
    call.write(framed(message));
  };
  const listen = (call: ClientHttp2Stream, message: (message: Uint8Array) => void): void => {
    const push = unframed(message, () => {
      call.close(constants.NGHTTP2_PROTOCOL_ERROR);
    });
    call.on('data', (chunk: Buffer) => {
      traffic.received += chunk.length;
      push(chunk);
    });
  };

  return {
    traffic,
    unary: (path, message) =>
      new Promise((resolve, reject) => {
        const { call } = start(path);
        let answer: Uint8Array | null = null;
        watch(call, path, (error) => {
          if (error.status === 0 && answer !== null) resolve(answer);
          else reject(error);
        });
        listen(call, (received) => {
          answer = received;
        });
        const forget = clock.after(PATIENCE_MS, () => {
          call.close(constants.NGHTTP2_CANCEL);
        });
        call.on('close', forget);
        write(call, message);
        call.end();
      }),
    stream: (path, on) =>
      new Promise((resolve, reject) => {
        const { session, call } = start(path);
        let isOpen = false;
        let isCancelled = false;
        const forget = clock.after(PATIENCE_MS, () => {
          call.close(constants.NGHTTP2_CANCEL);
        });
        watch(call, path, (error) => {
          forget();
          if (!isOpen) reject(error);
          else if (!isCancelled) on.ended(error);
        });
        listen(call, on.message);
        call.on('response', (headers) => {
          forget();
          if (headers[':status'] !== 200 || headers['grpc-status'] !== undefined) return;
          isOpen = true;
          resolve({
            send: (message) => {
              write(call, message);
            },
            close: () => {
              isCancelled = true;
              call.close(constants.NGHTTP2_CANCEL);
              session.destroy();
            },
          });
        });
      }),
    close: () => {
      isClosed = true;
      for (const session of sessions) session.destroy();
    },
  };
}

/** Calls once, with the status in trailers or headers, or why there is none. */
function watch(call: ClientHttp2Stream, path: string, done: (error: CallError) => void): void {
  let status: string | null = null;
  let detail = 'the call ended without a status';
  const read = (headers: Readonly<Record<string, unknown>>): void => {
    if (typeof headers['grpc-status'] === 'string') status = headers['grpc-status'];
    if (typeof headers['grpc-message'] === 'string') detail = headers['grpc-message'];
    const http = headers[':status'];
    if (typeof http === 'number' && http !== 200) detail = `HTTP status ${http}`;
  };
  call.on('response', read);
  call.on('trailers', read);
  call.on('error', (error: Error) => {
    detail = error.message;
  });
  call.on('close', () => {
    done(new CallError(path, status === null ? 14 : Number(status), detail));
  });
  call.on('end', () => {
    // Whoever the server has finished with has nothing more to say.
    if (!call.closed) call.close();
  });
}

/** A gRPC message: not compressed, its length, its bytes. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Puts chunks together to messages; `broken` where they are compressed or absurdly long. */
export function unframed(
  message: (message: Uint8Array) => void,
  broken: () => void,
): (chunk: Uint8Array) => void {
  let kept: Buffer = Buffer.alloc(0);
  return (chunk) => {
    kept = Buffer.concat([kept, chunk]);
    while (kept.length >= HEAD_BYTES) {
      const length = kept.readUInt32BE(1);
      if (kept[0] !== 0 || length > LARGEST_MESSAGE) {
        broken();
        return;
      }
      if (kept.length < HEAD_BYTES + length) return;
      message(Uint8Array.from(kept.subarray(HEAD_BYTES, HEAD_BYTES + length)));
      kept = kept.subarray(HEAD_BYTES + length);
    }
  };
}
