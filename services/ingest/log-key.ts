import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The 32-byte seed of the ed25519 key that signs checkpoints and receipts; made at first use, mode 0600. */
export async function loadOrCreateLogKey(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, 'ingest', 'log-key');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) return parseSeed(text, path);
  await create(path);
  return parseSeed(await readFile(path, 'utf8'), path);
}

/** Links the finished file into place: of two processes that start at once, both use the one that came first. */
async function create(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('hex')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await link(draft, path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  await rm(draft);
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
}

function parseSeed(text: string, path: string): Uint8Array {
  if (!/^[0-9a-f]{64}\n$/.test(text))
    throw new Error(
      `${path} does not hold a 32-byte seed in hex; restore it: another key means another log.`,
    );
  return Uint8Array.from(Buffer.from(text.trim(), 'hex'));
}
