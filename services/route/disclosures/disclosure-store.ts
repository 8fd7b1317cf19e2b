import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { base58 } from '@scure/base';
import { epochNumber, type Address, type EpochNumber } from '#protocol/units';
import type { Closeable } from '../../runtime/shutdown.ts';
import { syncFolder } from '../../runtime/replace-file.ts';

/** What is kept of a bought packet: who bought it for how much, and `salt 32 || u16 LE length || packet bytes`. */
export interface KeptDisclosure {
  readonly owner: Address;
  readonly credits: number;
  readonly disclosure: Uint8Array;
}

/** Files of disclosures by epoch, in the order of their records; on disk before the records are. */
export interface DisclosureStore extends Closeable {
  append(epoch: EpochNumber, kept: readonly KeptDisclosure[]): Promise<void>;
  /** Ascending. */
  epochs(): Promise<readonly EpochNumber[]>;
  /** Those of an epoch, in order; none where there is no such file. `size`: bytes of it that are complete. */
  read(epoch: EpochNumber): AsyncGenerator<KeptDisclosure>;
  /** Deletes the epochs of which a file was written last before that time, in ms. */
  dropBefore(time: number): Promise<void>;
}

/** Owner 32, credits u32 LE; then the disclosure, which begins with its salt and says its length. */
const HEAD = 36;
const SALT = 32;
const CHUNK = 1 << 20;

export async function openDisclosureStore(folder: string): Promise<DisclosureStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = new Map<EpochNumber, { readonly handle: FileHandle; size: number }>();
  const pathOf = (epoch: EpochNumber): string => join(folder, `${epoch}`);

  const fileOf = async (epoch: EpochNumber) => {
    const known = files.get(epoch);
    if (known !== undefined) return known;
    for (const [old, { handle }] of files)
      if (old < epoch) {
        files.delete(old);
        await handle.close();
      }
    let size = 0;
    for await (const kept of readFrom(pathOf(epoch))) size += HEAD + kept.disclosure.length;
    const handle = await open(pathOf(epoch), 'a', 0o600);
    // What a killed process left half written was promised to nobody.
    await handle.truncate(size);
    await syncFolder(folder);
    const file = { handle, size };
    files.set(epoch, file);
    return file;
  };
  return {
    append: async (epoch, kept) => {
      const file = await fileOf(epoch);
      const bytes = Buffer.concat(kept.map(encode));
      try {
        await file.handle.appendFile(bytes);
        await file.handle.datasync();
      } catch (error) {
        // What is on disk is not known any more: looked at again before the next one.
        files.delete(epoch);
        await file.handle.close().catch(() => undefined);
        throw error;
      }
      file.size += bytes.length;
    },
    epochs: async () => {
      const names = (await readdir(folder)).filter((name) => /^\d{1,20}$/.test(name));
      return names.map((name) => epochNumber(BigInt(name))).sort((a, b) => (a < b ? -1 : 1));
    },
    read: (epoch) => readFrom(pathOf(epoch), files.get(epoch)?.size),
    dropBefore: async (time) => {
      for (const name of await readdir(folder)) {
        const epoch = /^\d{1,20}$/.test(name) ? epochNumber(BigInt(name)) : null;
        if (epoch === null || files.has(epoch)) continue;
        if ((await stat(pathOf(epoch))).mtimeMs < time) await rm(pathOf(epoch), { force: true });
      }
    },
    close: async () => {
      for (const { handle } of files.values()) await handle.close();
      files.clear();
    },
  };
}

function encode({ owner, credits, disclosure }: KeptDisclosure): Buffer {
  const head = Buffer.alloc(HEAD);
  head.set(base58.decode(owner));
  head.writeUInt32LE(credits, SALT);
  return Buffer.concat([head, disclosure]);
}

/** Whole entries up to `end`; what is cut at the end of a file is none. */
async function* readFrom(path: string, end = Infinity): AsyncGenerator<KeptDisclosure> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) return;
  try {
    let rest = Buffer.alloc(0);
    for (let at = 0; at < end;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(CHUNK, end - at)), {
        position: at,
      });
      if (bytesRead === 0) return;
      at += bytesRead;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let entry = entryAt(rest, 0); entry !== null; entry = entryAt(rest, start)) {
        start += HEAD + entry.disclosure.length;
        yield entry;
      }
      rest = rest.subarray(start);
    }
  } finally {
    await handle.close();
  }
}

function entryAt(bytes: Buffer, start: number): KeptDisclosure | null {
  const from = start + HEAD;
  if (bytes.length < from + SALT + 2) return null;
  const end = from + SALT + 2 + bytes.readUInt16LE(from + SALT);
  if (bytes.length < end) return null;
  return {
    owner: base58.encode(bytes.subarray(start, start + SALT)) as Address,
    credits: bytes.readUInt32LE(start + SALT),
    disclosure: Uint8Array.from(bytes.subarray(from, end)),
  };
}
