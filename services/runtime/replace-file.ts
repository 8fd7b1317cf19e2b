import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Atomic: readers see the old file or the new one, and after a crash there is one of them, whole. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(`${path}.new`, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.new`, path);
}
