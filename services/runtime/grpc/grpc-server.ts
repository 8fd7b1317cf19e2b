import { constants, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Counter, Gauge } from 'prom-client';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Closeable } from '../shutdown.ts';
import { answerConnect } from './connect-unary.ts';
import { openGrpcStream, STREAM_LIMITS, type GrpcStream, type StreamLimits } from './grpc-stream.ts';
import type { GrpcMethods, StreamMethod, UnaryMethod } from './methods.ts';
import { GrpcRefusal, grpcRefusal } from './refusals.ts';
import { openStreamBounds, STREAM_BOUNDS, type StreamBounds } from './stream-bounds.ts';
import { watchSessions } from './watch-sessions.ts';

/** HTTP/2 without TLS; connections are handed to it, for another server may share its port. */
export interface GrpcServer extends Closeable {
  accept(socket: Socket): void;
  /** Ends every stream with UNAVAILABLE and closes the connections. */
  close(): Promise<void>;
}

/** Takes a gRPC stream that is none of the methods'; false leaves it to be refused. */
export type OtherStreams = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

export interface GrpcServerOptions {
  readonly methods: GrpcMethods;
  readonly logger: Logger;
  readonly metrics: GrpcMetrics;
  readonly limits?: StreamLimits;
  readonly bounds?: StreamBounds;
  readonly otherStreams?: OtherStreams;
  /** Believe `x-forwarded-for`, where only a proxy of the operator's own reaches this port. */
  readonly trustForwardedFor?: boolean;
}

export interface GrpcMetrics {
  readonly streamsOpen: Gauge;
  readonly calls: Counter<'method'>;
  readonly messages: Counter<'method'>;
  readonly refused: Counter<'code'>;
}

export function openGrpcMetrics(metrics: Metrics): GrpcMetrics {
  return {
    streamsOpen: metrics.gauge('grpc_streams_open', 'Streams of hotspots that are open'),
    calls: metrics.counter('grpc_calls_total', 'Calls and streams that were begun, by method', ['method']),
    messages: metrics.counter('grpc_messages_total', 'Messages that clients sent, by method', ['method']),
    refused: metrics.counter('grpc_refused_total', 'Calls and streams that were refused, by code', ['code']),
  };
}

/** A connection carries a handful of calls at a time. */
const STREAMS_PER_CONNECTION = 100;
const UNARY_MS = 10_000;

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const { metrics, logger } = options;
  const limits = options.limits ?? STREAM_LIMITS;
  const open = new Set<GrpcStream>();
  const bounds = openStreamBounds(options.bounds ?? STREAM_BOUNDS);
  const server = createServer({
    settings: { maxConcurrentStreams: STREAMS_PER_CONNECTION, maxHeaderListSize: 16_384 },
    maxSessionMemory: 4,
    maxSettings: 16,
  });
  const sessions = watchSessions(server);

  const run = async (path: string, stream: GrpcStream, method: UnaryMethod | StreamMethod): Promise<void> => {
    const counted = countMessages(stream, () => {
      metrics.messages.inc({ method: path });
    });
    open.add(stream);
    metrics.streamsOpen.set(open.size);
    try {
      if (method.kind === 'stream') await method.run(counted);
      else stream.send(await method.answer({ message: await onlyMessage(counted), address: stream.address }));
      stream.end(null);
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.code !== 'cancelled') metrics.refused.inc({ code: refusal.code });
      if (refusal.code === 'internal_error') logger.error({ error, path }, 'a call failed');
      stream.end(refusal);
    } finally {
      open.delete(stream);
      metrics.streamsOpen.set(open.size);
    }
  };

  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const address = addressOf(stream, options.trustForwardedFor === true ? headers : {});
    const method = options.methods.get(path);
    const type = headers['content-type'] ?? '';
    stream.on('error', () => undefined);
    if (isGrpc(type)) {
      const refuse = (code: 'unknown_method' | 'too_many_streams'): void => {
        metrics.refused.inc({ code });
        openGrpcStream(stream, { address, limits }).end(grpcRefusal(code));
      };
      const leave = bounds.enter(address);
      if (leave === null) {
        refuse('too_many_streams');
        return;
      }
      stream.once('close', leave);
      if (method === undefined) {
        if (options.otherStreams?.(stream, headers) !== true) refuse('unknown_method');
        return;
      }
      metrics.calls.inc({ method: path });
      void run(path, openGrpcStream(stream, { address, limits }), method);
      return;
    }
    void answerPlain(stream, { headers, address, limits, methods: options.methods, metrics, logger });
  });
  server.on('sessionError', () => undefined);

  return {
    accept: (socket) => {
      server.emit('connection', socket);
    },
    close: async () => {
      for (const stream of open) stream.end(grpcRefusal('closing'));
      await sessions.close();
    },
  };
}

/** Clients are not told of what failed inside. */
export function asRefusal(error: unknown): GrpcRefusal {
  return error instanceof GrpcRefusal ? error : grpcRefusal('internal_error');
}

function isGrpc(type: string): boolean {
  return type === 'application/grpc' || type.startsWith('application/grpc+proto');
}

function countMessages(stream: GrpcStream, count: () => void): GrpcStream {
  return {
    ...stream,
    read: async (timeout) => {
      const message = await stream.read(timeout);
      if (message !== null) count();
      return message;
    },
  };
}

async function onlyMessage(stream: GrpcStream): Promise<Uint8Array> {
  const timeout = { ms: UNARY_MS, late: () => grpcRefusal('slow_message') };
  const message = await stream.read(timeout);
  if (message === null) throw grpcRefusal('no_message');
  if ((await stream.read(timeout)) !== null) throw grpcRefusal('no_message');
  return message;
}

function addressOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): string {
  const forwarded = headers['x-forwarded-for'];
  if (typeof forwarded === 'string' && forwarded !== '') return forwarded;
  return stream.session?.socket.remoteAddress ?? '';
}

/** Connect and JSON over HTTP/2: one body in, one out. */
async function answerPlain(
  stream: ServerHttp2Stream,
  call: {
    readonly headers: IncomingHttpHeaders;
    readonly address: string;
    readonly limits: StreamLimits;
    readonly methods: GrpcMethods;
    readonly metrics: GrpcMetrics;
    readonly logger: Logger;
  },
): Promise<void> {
  const { headers, address, methods, metrics, logger } = call;
  const late = setTimeout(() => {
    stream.close(constants.NGHTTP2_CANCEL);
  }, UNARY_MS);
  try {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      bytes += part.length;
      // One part more than the limit is kept at most; the rest is read and dropped.
      if (bytes - part.length <= call.limits.messageBytes) parts.push(part);
    }
    const answer = await answerConnect({
      verb: headers[':method'] ?? '',
      path: headers[':path'] ?? '',
      type: headers['content-type'] ?? '',
      body: bytes > call.limits.messageBytes ? null : Buffer.concat(parts),
      address,
      methods,
      metrics,
      logger,
    });
    if (stream.destroyed) return;
    stream.respond({ ':status': answer.status, 'content-type': answer.type });
    stream.end(answer.body);
  } catch {
    // The client went away.
    stream.close(constants.NGHTTP2_CANCEL);
  } finally {
    clearTimeout(late);
  }
}
