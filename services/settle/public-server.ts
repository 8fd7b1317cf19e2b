import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { serveLog } from '#services/runtime/evidence/serve-log';
import type { HttpServer } from '#services/runtime/http-server';

/** Serves an oracle's epochs and its mirror of the evidence as they stand on disk: any web server could do it. */
export async function servePublicFiles(server: HttpServer, folder: string): Promise<void> {
  const [epochs, evidence] = [join(folder, 'epochs'), join(folder, 'evidence')];
  for (const root of [epochs, evidence]) await mkdir(root, { recursive: true });
  await server.register(fastifyStatic, {
    root: epochs,
    prefix: '/epochs/',
    dotfiles: 'deny',
    index: false,
    cacheControl: false,
    setHeaders: (reply) => {
      reply.header('access-control-allow-origin', '*');
    },
  });
  await serveLog(server, { root: evidence, prefix: '/evidence/', decorateReply: false });
}
