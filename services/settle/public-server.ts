import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { HttpServer } from '#services/runtime/http-server';

/** Serves an oracle's epochs and its mirror of the evidence as they stand on disk: any web server could do it. */
export async function servePublicFiles(server: HttpServer, folder: string): Promise<void> {
  for (const [at, name] of ['epochs', 'evidence'].entries()) {
    const root = join(folder, name);
    await mkdir(root, { recursive: true });
    await server.register(fastifyStatic, {
      root,
      prefix: `/${name}/`,
      decorateReply: at === 0,
      dotfiles: 'deny',
      index: false,
      cacheControl: false,
      // Whoever checks a payout in a browser reads them from a page of another site.
      setHeaders: (reply) => {
        reply.header('access-control-allow-origin', '*');
      },
    });
  }
}
