import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { HttpServer } from './http-server.ts';

/** Serves folders below one as they stand on disk, each under its name: any web server could do it. */
export async function servePublicFolders(
  server: HttpServer,
  folder: string,
  names: readonly string[],
): Promise<void> {
  for (const [at, name] of names.entries()) {
    const root = join(folder, name);
    await mkdir(root, { recursive: true });
    await server.register(fastifyStatic, {
      root,
      prefix: `/${name}/`,
      decorateReply: at === 0,
      dotfiles: 'deny',
      index: false,
      cacheControl: false,
    });
  }
}
