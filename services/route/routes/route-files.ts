import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openRouteRequest, type RouteRequest } from '#protocol/route/route-request';
import { replaceFile } from '../../runtime/replace-file.ts';
import { parsePrivatePart, type PrivatePart } from './private-part.ts';

/** A route as its owner registered it. */
export interface StoredRoute {
  readonly request: RouteRequest;
  /** The request as it was signed. */
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  /** null where the route is revoked. */
  readonly private: PrivatePart | null;
}

/** One file for each route, with its secrets: `<owner>.<route>.json`, mode 0600. */
export interface RouteFiles {
  /** On disk when it resolves. */
  write(route: StoredRoute): Promise<void>;
  readAll(): Promise<readonly StoredRoute[]>;
}

export async function openRouteFiles(folder: string): Promise<RouteFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    write: async ({ request, bytes, signature, private: part }) => {
      const json = {
        request: Buffer.from(bytes).toString('base64'),
        signature: Buffer.from(signature).toString('base64'),
        private: part,
      };
      // Neither part of the name can hold a dot or a slash.
      const path = join(folder, `${request.owner}.${request.route}.json`);
      await replaceFile(path, `${JSON.stringify(json)}\n`, 0o600);
    },
    readAll: async () => {
      const names = (await readdir(folder)).filter((name) => /^[^.].*\.json$/.test(name)).sort();
      const routes: StoredRoute[] = [];
      for (const name of names) routes.push(parse(name, await readFile(join(folder, name), 'utf8')));
      return routes;
    },
  };
}

function parse(name: string, text: string): StoredRoute {
  const fields = new Map<string, unknown>(Object.entries(JSON.parse(text) as object));
  const [request, signature, part] = [fields.get('request'), fields.get('signature'), fields.get('private')];
  const parsed = part === null ? null : parsePrivatePart(part);
  if (typeof request !== 'string' || typeof signature !== 'string' || (part !== null && parsed === null))
    throw new Error(
      `${name} in the folder of routes is damaged; restore it, or delete it and have its owner register again`,
    );
  const bytes = Uint8Array.from(Buffer.from(request, 'base64'));
  return {
    request: openRouteRequest(bytes),
    bytes,
    signature: Uint8Array.from(Buffer.from(signature, 'base64')),
    private: parsed,
  };
}
