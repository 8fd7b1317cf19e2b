import { constants, type ServerHttp2Stream } from 'node:http2';
import { FrameReader, frameOf } from './frames.ts';
import { GRPC_STATUS, GrpcRefusal, grpcRefusal } from './refusals.ts';

/** Messages of a call in both directions; response headers are on their way before anything is read. */
export interface GrpcStream {
  /** The client's IP address. */
  readonly address: string;
  /** Aborted when the stream is over, whoever ended it. */
  readonly signal: AbortSignal;
  /**
   * The next message as it was received; null once the client has closed its side. Rejects with a GrpcRefusal: `late`
   * after timeoutMs, `cancelled` where the stream was reset, or what was wrong with the framing. One read at a time;
   * while nobody reads, flow control stops the client.
   */
  read(timeout: { readonly ms: number; readonly late: () => GrpcRefusal }): Promise<Uint8Array | null>;
  /** False where the stream is over, or is ended now because its client does not read. */
  send(message: Uint8Array): boolean;
  /** Ends with OK, or with the refusal's status, with which a read that waits rejects. Idempotent. */
  end(refusal: GrpcRefusal | null): void;
}

export interface StreamLimits {
  readonly messageBytes: number;
  /** From the first to the last byte of a message. */
  readonly messageMs: number;
  /** Bytes that may wait for a client to read them. */
  readonly unsentBytes: number;
}

export const STREAM_LIMITS: StreamLimits = {
  messageBytes: 65_536,
  messageMs: 10_000,
  unsentBytes: 262_144,
};

/** How long a client may go on sending after its stream was ended before it is reset. */
const LINGER_MS = 1000;

/** What ends a stream, as trailers. */
export function statusTrailers(refusal: GrpcRefusal | null): Record<string, string> {
  if (refusal === null) return { 'grpc-status': '0' };
  return {
    'grpc-status': String(GRPC_STATUS[refusal.status]),
    'grpc-message': encodeURIComponent(`${refusal.code}: ${refusal.message}`).replaceAll('%20', ' '),
    ...(refusal.retryMs === null ? {} : { 'grpc-retry-pushback-ms': String(Math.ceil(refusal.retryMs)) }),
  };
}

/** Answers the headers of a gRPC call at once, for clients send nothing before they have them, and reads its messages. */
export function openGrpcStream(
  stream: ServerHttp2Stream,
  options: { readonly address: string; readonly limits: StreamLimits },
): GrpcStream {
  const { limits } = options;
  const over = new AbortController();
  const frames = new FrameReader(limits.messageBytes);
  const ready: Uint8Array[] = [];
  let failure: GrpcRefusal | null = null;
  let closedByClient = false;
  let wake: (() => void) | null = null;
  let trailers: Record<string, string> | null = null;

  const notify = (): void => {
    wake?.();
  };
  const fail = (refusal: GrpcRefusal): void => {
    failure ??= refusal;
    notify();
  };
  const take = (): boolean => {
    const chunk: unknown = stream.read();
    if (!(chunk instanceof Uint8Array)) return false;
    try {
      ready.push(...frames.push(chunk));
    } catch (error) {
      fail(error instanceof GrpcRefusal ? error : grpcRefusal('internal_error'));
    }
    return true;
  };
  const drain = (): void => {
    while (ready.length === 0 && failure === null && take());
  };
  /** Whoever cancels has sent what came before, and does not send it again. It is a window at most. */
  const cancelled = (): void => {
    while (failure === null && take());
    fail(grpcRefusal('cancelled'));
  };

  stream.on('readable', notify);
  stream.on('end', () => {
    closedByClient = true;
    notify();
  });
  stream.on('error', () => {
    // A reset by the client comes as an error or as a close; both are the end of it.
    cancelled();
  });
  stream.on('close', () => {
    cancelled();
    over.abort();
  });
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailers ?? statusTrailers(null));
  });
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });

  const waitUntil = (time: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(notifyOnce, Math.max(0, time - performance.now()));
      function notifyOnce(): void {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
      wake = notifyOnce;
    });

  const end = (refusal: GrpcRefusal | null): void => {
    if (trailers !== null) return;
    trailers = statusTrailers(refusal);
    fail(refusal ?? grpcRefusal('cancelled'));
    over.abort();
    if (stream.destroyed || stream.closed) return;
    stream.end();
    // What still comes is not kept, and does not come for long.
    stream.removeListener('readable', notify);
    stream.resume();
    const timer = setTimeout(() => {
      if (!stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    }, LINGER_MS).unref();
    stream.once('close', () => {
      clearTimeout(timer);
    });
  };

  return {
    address: options.address,
    signal: over.signal,
    read: async ({ ms, late }) => {
      const deadline = performance.now() + ms;
      let begun = Infinity;
      for (;;) {
        drain();
        const next = ready.shift();
        if (next !== undefined) return next;
        if (failure !== null) throw failure;
        if (closedByClient) {
          if (frames.partial) throw grpcRefusal('truncated_message');
          return null;
        }
        const now = performance.now();
        begun = frames.partial ? Math.min(begun, now) : Infinity;
        if (now >= deadline) throw late();
        if (now >= begun + limits.messageMs) throw grpcRefusal('slow_message');
        await waitUntil(Math.min(deadline, begun + limits.messageMs));
      }
    },
    send: (message) => {
      if (trailers !== null || stream.destroyed || stream.closed || !stream.writable) return false;
      if (stream.writableLength > limits.unsentBytes) {
        end(grpcRefusal('slow_reader'));
        // Its trailers would wait behind what it does not read.
        stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
        return false;
      }
      stream.write(frameOf(message));
      return true;
    },
    end,
  };
}
