import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './replace-file.ts';

/** RFC 8410: what stands before the 32-byte seed in the PKCS #8 form of an ed25519 key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An ed25519 key by which notes are signed. */
export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function signingKeyOf(seed: Uint8Array): SigningKey {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  // The raw key is the last 32 bytes of its SPKI form.
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    publicKey: new Uint8Array(spki.subarray(-32)),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

/** The 32-byte seed in a file of hex; made at first use, mode 0600. */
export async function loadOrCreateSeed(path: string): Promise<Uint8Array> {
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
  await syncFolder(dirname(path));
}

function parseSeed(text: string, path: string): Uint8Array {
  if (!/^[0-9a-f]{64}\n$/.test(text))
    throw new Error(
      `${path} does not hold a 32-byte seed in hex; restore it: another key means another log or witness.`,
    );
  return Uint8Array.from(Buffer.from(text.trim(), 'hex'));
}
