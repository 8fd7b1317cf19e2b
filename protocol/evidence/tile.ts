import { ProtocolError } from '../errors.ts';
import { EMPTY_ROOT, type HashNode, nodeHash, treeRoot } from './merkle.ts';
import { MAX_ENTRY_BYTES } from './record.ts';

/** Hashes of a full tile and entries of a full bundle (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

/** A file of the tree: `level` counts tiles of height 8 upwards; `width` below 256 names a partial file. */
export interface TilePlace {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** Path below the log's prefix: tile/<level>/x001/x234/067 with .p/<width> where it is partial. */
export function tilePath({ level, index, width }: TilePlace): string {
  const groups: string[] = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`${groups.length === 0 ? '' : 'x'}${String(rest % 1000).padStart(3, '0')}`);
  return `tile/${level}/${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** How many hashes of a level (subtrees of 256^level leaves) a tree of `size` has in full. */
export function levelWidth(level: number, size: number): number {
  let width = size;
  for (let below = 0; below < level; below++) width = Math.floor(width / TILE_WIDTH);
  return width;
}

/** Width of the tile or bundle at a place in a tree of `size`; 0 where the tree has none. */
export function tileWidth(place: Omit<TilePlace, 'width'>, size: number): number {
  const hashes = levelWidth(place.level === 'entries' ? 0 : place.level, size);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - place.index * TILE_WIDTH));
}

/** The hashes of a tile; throws malformed_tile where the file is not exactly as wide as its place requires. */
export function decodeTile(bytes: Uint8Array, place: TilePlace): Uint8Array[] {
  if (bytes.length !== place.width * 32)
    throw new ProtocolError('malformed_tile', {
      path: tilePath(place),
      offset: Math.min(bytes.length, place.width * 32),
      bytes: bytes.length,
    });
  return Array.from({ length: place.width }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));
}

/** A bundle: each entry after its length as a big-endian u16. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES)
      throw new RangeError(`an entry has at most ${MAX_ENTRY_BYTES} bytes, got ${entry.length}`);
    bytes[at] = entry.length >> 8;
    bytes[at + 1] = entry.length & 0xff;
    bytes.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bytes;
}

/** The entries of a bundle; throws malformed_tile where it holds more, fewer or a cut one. */
export function decodeBundle(bytes: Uint8Array, place: TilePlace): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [high, low] = bytes.subarray(at, at + 2);
    const end = high === undefined || low === undefined ? Infinity : at + 2 + high * 256 + low;
    if (end > bytes.length || entries.length === place.width)
      throw new ProtocolError('malformed_tile', { path: tilePath(place), offset: at });
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (entries.length !== place.width)
    throw new ProtocolError('malformed_tile', {
      path: tilePath(place),
      offset: at,
      entries: entries.length,
    });
  return entries;
}

/**
 * Root of a tree from its right edge: for each level from 0 the hashes of its unfinished tile (none where it has none).
 * What is left below a level counts as one more, smaller subtree after that level's hashes.
 */
export function edgeRoot(
  edge: readonly (readonly Uint8Array[])[],
  hashNode: HashNode = nodeHash,
): Uint8Array {
  let rest: Uint8Array | undefined;
  for (const hashes of edge) {
    const nodes = rest === undefined ? hashes : [...hashes, rest];
    if (nodes.length > 0) rest = treeRoot(nodes, hashNode);
  }
  return rest ?? EMPTY_ROOT;
}
