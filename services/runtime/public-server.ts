import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { serveLog } from './evidence/serve-log.ts';
import type { HttpServer } from './http-server.ts';

/**
 * Serves folders below one as they stand on disk, each under its name: any web server could do it. What is below
 * `evidence` are logs.
 */
export async function servePublicFolders(
  server: HttpServer,
  folder: string,
  names: readonly ('epochs' | 'evidence' | 'differences')[],
): Promise<void> {
  for (const [at, name] of names.entries()) {
    const root = join(folder, name);
    await mkdir(root, { recursive: true });
    const options = { root, prefix: `/${name}/`, decorateReply: at === 0 };
    if (name === 'evidence') await serveLog(server, options);
    else
      await server.register(fastifyStatic, {
        ...options,
        dotfiles: 'deny',
        index: false,
        cacheControl: false,
        setHeaders: (reply) => {
          reply.header('access-control-allow-origin', '*');
        },
      });
  }
}
