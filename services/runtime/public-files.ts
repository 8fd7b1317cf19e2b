import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Outage } from './outage.ts';

/** Static files that anyone may serve, from a web server or a folder; nothing read here is trusted. */
export interface PublicFiles {
  readonly location: string;
  /** null where the file does not exist; throws Outage where that can't be told, or it has more than `limit` bytes. */
  read(path: string, limit?: number): Promise<Uint8Array | null>;
}

const MAX_BYTES = 512 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export function openPublicFiles(location: string): PublicFiles {
  return /^https?:\/\//.test(location) ? filesAtUrl(location.replace(/\/+$/, '')) : filesInFolder(location);
}

function filesInFolder(folder: string): PublicFiles {
  return {
    location: folder,
    async read(path, limit = MAX_BYTES) {
      const file = join(folder, ...safeSteps(path));
      try {
        if ((await stat(file)).size > limit)
          throw new Outage('file_too_large', { location: folder, path, limit });
        return new Uint8Array(await readFile(file));
      } catch (error) {
        if (error instanceof Outage) throw error;
        if (isMissing(error)) return null;
        throw new Outage('files_unreachable', { location: folder, path }, { cause: error });
      }
    },
  };
}

function filesAtUrl(base: string): PublicFiles {
  return {
    location: base,
    async read(path, limit = MAX_BYTES) {
      const url = `${base}/${safeSteps(path).map(encodeURIComponent).join('/')}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
        (error: unknown) => {
          throw new Outage('files_unreachable', { url }, { cause: error });
        },
      );
      if (response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      if (!response.ok) {
        await response.body?.cancel();
        throw new Outage('files_unreachable', { url, status: response.status });
      }
      return await readBody(response, url, limit);
    },
  };
}

async function readBody(response: Response, url: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  try {
    for await (const chunk of body ?? []) {
      size += chunk.length;
      if (size > limit) throw new Outage('file_too_large', { url, limit });
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Outage) throw error;
    throw new Outage('files_unreachable', { url }, { cause: error });
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function safeSteps(path: string): readonly string[] {
  const steps = path.split('/');
  if (steps.some((step) => step === '' || step === '.' || step === '..'))
    throw new RangeError(`expected a relative path without dots, got ${path}`);
  return steps;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
