import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import staticFiles from '@fastify/static';
import type { HttpServer } from '../http-server.ts';

/** Signed reports shrink to less than half at a quarter of a millisecond; higher levels give next to nothing more. */
const GZIP_LEVEL = 3;
const TILE = /\/tile\/(?:\d+|entries)\//;
const BUNDLE = /\/tile\/entries\//;

/**
 * Serves logs or mirrors of them below a prefix as tlog-tiles asks: tiles for ever, the checkpoint never from a cache,
 * bundles compressed for whoever accepts it (hashes do not shrink), and all of it to pages of any origin.
 */
export async function serveLog(
  server: HttpServer,
  options: { readonly root: string; readonly prefix: string; readonly decorateReply?: boolean },
): Promise<void> {
  await server.register(async (scope) => {
    scope.addHook('onRequest', (_request, reply, done) => {
      void reply.headers({
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
        // What is not there yet may be in a second.
        'cache-control': 'no-store',
      });
      done();
    });
    scope.addHook('onSend', (request, reply, payload, done) => {
      const isBundle = BUNDLE.test(request.url) && reply.statusCode === 200;
      if (!isBundle || !acceptsGzip(request.headers['accept-encoding']) || !(payload instanceof Readable)) {
        done(null, payload);
        return;
      }
      reply.header('content-encoding', 'gzip').removeHeader('content-length');
      // A reader that goes away, or a file that cannot be read on, ends the answer early: clients see that.
      done(
        null,
        pipeline(payload, createGzip({ level: GZIP_LEVEL }), () => undefined),
      );
    });
    scope.setErrorHandler((error, _request, reply) => {
      // Folders, paths that are none, conditions that do not hold: there is no such file.
      const isOfFiles = error instanceof Error && 'statusCode' in error;
      if (isOfFiles && (error.statusCode === 403 || error.statusCode === 412)) reply.callNotFound();
      else throw error;
    });
    await scope.register(staticFiles, {
      ...options,
      index: false,
      dotfiles: 'deny',
      cacheControl: false,
      acceptRanges: false,
      setHeaders: (reply, path) => {
        for (const [name, value] of Object.entries(headersOf(path))) reply.header(name, value);
      },
    });
  });
}

/** tlog-tiles: tiles and bundles, partial ones too, never change; the checkpoint and what witnesses add do. */
function headersOf(path: string): Readonly<Record<string, string>> {
  if (path.endsWith('checkpoint'))
    return { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' };
  if (!TILE.test(path)) return { 'content-type': typeOf(path), 'cache-control': 'no-cache' };
  return {
    'content-type': 'application/octet-stream',
    'cache-control': 'public, max-age=31536000, immutable',
    ...(BUNDLE.test(path) ? { vary: 'accept-encoding' } : {}),
  };
}

function typeOf(path: string): string {
  return path.endsWith('.json') ? 'application/json; charset=utf-8' : 'application/octet-stream';
}

function acceptsGzip(header: string | undefined): boolean {
  const codings = (header ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.some((coding) => /^(?:gzip|\*)(?:$|;)/.test(coding) && !/;\s*q=0(?:\.0*)?$/.test(coding));
}
