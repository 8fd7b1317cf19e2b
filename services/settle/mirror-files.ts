import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { treeRoot } from '#protocol/evidence/merkle';
import {
  decodeTile,
  encodeBundle,
  levelWidth,
  TILE_WIDTH,
  tilePath,
  type TilePlace,
} from '#protocol/evidence/tile';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';

/**
 * Adds verified entries to a mirror in the log's own format, so that whoever reads the log can read the mirror.
 * Files of the old size stay until a full one replaces them; the checkpoint, written last, says which size is whole.
 */
export async function extendMirror(input: {
  readonly folder: string;
  readonly oldSize: number;
  readonly size: number;
  readonly checkpoint: Uint8Array;
  /** Entries [from, to) of the log; asked for whole bundles only. */
  readonly entries: (from: number, to: number) => Promise<readonly Uint8Array[]>;
}): Promise<void> {
  const { folder, oldSize, size } = input;
  let hashes: Uint8Array[] = [];
  for (let start = oldSize - (oldSize % TILE_WIDTH); start < size; start += TILE_WIDTH) {
    const entries = await input.entries(start, Math.min(start + TILE_WIDTH, size));
    const place = { index: start / TILE_WIDTH, width: entries.length };
    await writePlace(folder, { ...place, level: 'entries' }, encodeBundle(entries));
    hashes = await writeTile(
      folder,
      { ...place, level: 0 },
      { leaves: entries.map(nativeLeafHash), above: hashes },
    );
  }
  for (let level = 1; levelWidth(level, size) > 0; level += 1)
    hashes = await extendLevel(folder, { level, oldWidth: levelWidth(level, oldSize), fresh: hashes });
  await writeWhole(join(folder, 'checkpoint'), input.checkpoint);
}

/** Appends subtree hashes to one level; answers with the roots of the tiles that became full. */
async function extendLevel(
  folder: string,
  input: { readonly level: number; readonly oldWidth: number; readonly fresh: readonly Uint8Array[] },
): Promise<Uint8Array[]> {
  const { level, oldWidth, fresh } = input;
  const part = oldWidth % TILE_WIDTH;
  let index = (oldWidth - part) / TILE_WIDTH;
  const all =
    part === 0 || fresh.length === 0
      ? [...fresh]
      : [...(await readPart(folder, { level, index, width: part })), ...fresh];
  let above: Uint8Array[] = [];
  for (let at = 0; at < all.length; at += TILE_WIDTH, index += 1) {
    const leaves = all.slice(at, at + TILE_WIDTH);
    above = await writeTile(folder, { level, index, width: leaves.length }, { leaves, above });
  }
  return above;
}

async function readPart(folder: string, place: TilePlace): Promise<readonly Uint8Array[]> {
  return decodeTile(new Uint8Array(await readFile(join(folder, tilePath(place)))), place);
}

async function writeTile(
  folder: string,
  place: TilePlace,
  tile: { readonly leaves: readonly Uint8Array[]; readonly above: Uint8Array[] },
): Promise<Uint8Array[]> {
  await writePlace(folder, place, Buffer.concat(tile.leaves));
  if (place.width === TILE_WIDTH) tile.above.push(treeRoot(tile.leaves, nativeNodeHash));
  return tile.above;
}

async function writePlace(folder: string, place: TilePlace, bytes: Uint8Array): Promise<void> {
  const path = join(folder, tilePath(place));
  await mkdir(dirname(path), { recursive: true });
  await writeWhole(path, bytes);
  if (place.width === TILE_WIDTH) await rm(`${path}.p`, { recursive: true, force: true });
}

/** Readers see the old file or the new one. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}
