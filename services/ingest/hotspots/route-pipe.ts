import {
  connect,
  constants,
  type ClientHttp2Session,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { OtherStreams } from '../../runtime/grpc/grpc-server.ts';
import { statusTrailers } from '../../runtime/grpc/grpc-stream.ts';
import { GrpcRefusal } from '../../runtime/grpc/refusals.ts';
import type { Closeable } from '../../runtime/shutdown.ts';

const PREFIX = '/helium.packet_router.packet/';
const PASSED_ON = ['content-type', 'grpc-timeout', 'user-agent'];
const CONNECT_MS = 4000;

const unavailable = new GrpcRefusal({
  code: 'route_unavailable',
  status: 'UNAVAILABLE',
  message: 'The packet router cannot be reached from here; connect again later.',
});

/**
 * Hands the packet router's streams to the stage that serves them, byte by byte and no faster than either side reads, so
 * that hotspots need one address only. Every connection of a hotspot has one of its own behind it: hotspots that do not
 * read hold up nobody else. The client's address goes along as x-forwarded-for.
 */
export function openRoutePipe(routeUrl: string | null): Closeable & { readonly streams: OtherStreams } {
  const behind = new Map<Http2Session, ClientHttp2Session>();
  /** Those whose end is listened for: once each, however often the router is lost behind them. */
  const watched = new WeakSet<Http2Session>();

  const sessionFor = (front: Http2Session, url: string): ClientHttp2Session => {
    const known = behind.get(front);
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const made = connect(url);
    made.setTimeout(CONNECT_MS, () => {
      if (made.connecting) made.destroy();
    });
    made.on('error', () => undefined);
    made.once('close', () => {
      if (behind.get(front) === made) behind.delete(front);
    });
    if (!watched.has(front)) {
      watched.add(front);
      front.once('close', () => {
        behind.get(front)?.close();
      });
    }
    behind.set(front, made);
    return made;
  };
  return {
    streams: (stream, headers) => {
      if (headers[':path']?.startsWith(PREFIX) !== true) return false;
      const front = stream.session;
      if (front === undefined || stream.destroyed) return true;
      // At once: the client sends nothing before, and waiting for them holds up its beacons.
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      pipe(
        stream,
        routeUrl === null ? null : requestTo(() => requestOf(sessionFor(front, routeUrl), stream, headers)),
      );
      return true;
    },
    close: () => {
      for (const session of behind.values()) session.destroy();
    },
  };
}

/** null where it cannot even be sent: what one client's headers are must end no process. */
function requestTo(send: () => ReturnType<ClientHttp2Session['request']>): ReturnType<typeof send> | null {
  try {
    return send();
  } catch {
    return null;
  }
}

function requestOf(
  session: ClientHttp2Session,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
): ReturnType<ClientHttp2Session['request']> {
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return session.request({
    ':method': 'POST',
    ':path': headers[':path'],
    // Never the client's own: another spelling is thrown at whoever sends it on.
    te: 'trailers',
    ...Object.fromEntries(passedOn),
    'x-forwarded-for': stream.session?.socket.remoteAddress ?? '',
  });
}

function pipe(stream: ServerHttp2Stream, request: ReturnType<ClientHttp2Session['request']> | null): void {
  let trailers: IncomingHttpHeaders | null = null;
  stream.on('wantTrailers', () => {
    stream.sendTrailers(trailers ?? statusTrailers(unavailable));
  });
  if (request === null) {
    stream.resume();
    stream.end();
    endWithoutReading(stream);
    return;
  }
  stream.pipe(request);
  request.pipe(stream, { end: false });
  // An answer without a body has its status in the headers.
  request.on('response', (received) => {
    if (received['grpc-status'] !== undefined) trailers = statusOnly(received);
  });
  request.on('trailers', (received: IncomingHttpHeaders) => {
    trailers = statusOnly(received);
  });
  request.on('error', () => undefined);
  request.on('close', () => {
    if (stream.destroyed) return;
    stream.end();
    endWithoutReading(stream);
  });
  stream.on('close', () => {
    if (!request.destroyed) request.close(constants.NGHTTP2_CANCEL);
  });
}

/** After the last trailers nothing that the client sends is of use. */
function endWithoutReading(stream: ServerHttp2Stream): void {
  stream.resume();
  const timer = setTimeout(() => {
    if (!stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
  }, 1000).unref();
  stream.once('close', () => {
    clearTimeout(timer);
  });
}

function statusOnly(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('grpc-')));
}
