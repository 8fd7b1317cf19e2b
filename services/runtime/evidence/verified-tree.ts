import { CompactRange, equalBytes, treeRoot } from '#protocol/evidence/merkle';
import { consistencyRanges, inclusionRanges, splitPoint, type NodeRange } from '#protocol/evidence/proof';
import { edgeRoot, levelWidth, TILE_WIDTH, tilePath, tileWidth } from '#protocol/evidence/tile';
import { ProtocolError } from '#protocol/errors';
import { nativeLeafHash, nativeNodeHash } from './native-hash.ts';
import type { PublicLogReader } from './public-log-reader.ts';

/**
 * A log's tree of one size, of which nothing is used that does not lead to the root: the right edge of partial tiles
 * must hash to it, every full tile must hash to its place in its parent, every entry to its leaf. Throws
 * evidence_mismatch for whatever does not.
 */
export class VerifiedTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly #reader: PublicLogReader;
  #edge: Promise<readonly (readonly Uint8Array[])[]> | undefined;
  readonly #tiles = new Map<string, Promise<readonly Uint8Array[]>>();

  constructor(reader: PublicLogReader, head: { readonly size: number; readonly root: Uint8Array }) {
    this.#reader = reader;
    this.size = head.size;
    this.root = head.root;
  }

  /** Entries [from, to) of which each hashes to its leaf. */
  async entries(from: number, to: number): Promise<Uint8Array[]> {
    this.#require(from, to);
    const entries: Uint8Array[] = [];
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index++) {
      const start = index * TILE_WIDTH;
      const bundle = await this.#bundle(index);
      entries.push(...bundle.slice(Math.max(0, from - start), to - start));
    }
    return entries;
  }

  /** Compact range of [0, size), which may be any prefix of the tree. */
  async range(size: number): Promise<CompactRange> {
    this.#require(0, size);
    const hashes: Uint8Array[] = [];
    for (let start = 0; start < size;) {
      const width = splitPoint(size - start + 1);
      hashes.push(await this.#node({ start, end: start + width }));
      start += width;
    }
    return new CompactRange({ size, hashes, hashNode: nativeNodeHash });
  }

  /** For each level from 0 the hashes of the tile that was unfinished at an earlier size: with these a writer goes on. */
  async edgeAt(size: number): Promise<(readonly Uint8Array[])[]> {
    this.#require(0, size);
    const edge: (readonly Uint8Array[])[] = [];
    for (let level = 0, hashes = size; hashes > 0; level++, hashes = levelWidth(level, size)) {
      const width = hashes % TILE_WIDTH;
      const tile = width === 0 ? [] : await this.#tile(level, Math.floor(hashes / TILE_WIDTH));
      edge.push(tile.slice(0, width));
    }
    return edge;
  }

  /** Root that the tree had at an earlier size. */
  async rootAt(size: number): Promise<Uint8Array> {
    return (await this.range(size)).root();
  }

  /** Proof of the leaf at `index` in the tree of an earlier or this size. */
  async inclusionProof(index: number, size: number = this.size): Promise<Uint8Array[]> {
    this.#require(index, size);
    return await this.#nodes(inclusionRanges(index, size));
  }

  /** Proof that the tree of `oldSize` is a prefix of the tree of an earlier or this size. */
  async consistencyProof(oldSize: number, size: number = this.size): Promise<Uint8Array[]> {
    this.#require(oldSize, size);
    return await this.#nodes(consistencyRanges(oldSize, size));
  }

  async #nodes(ranges: readonly NodeRange[]): Promise<Uint8Array[]> {
    const hashes: Uint8Array[] = [];
    for (const range of ranges) hashes.push(await this.#node(range));
    return hashes;
  }

  /** Hash over the leaves [start, end), split as RFC 6962 does until the parts are whole subtrees. */
  async #node({ start, end }: NodeRange): Promise<Uint8Array> {
    const width = end - start;
    if (splitPoint(width + 1) !== width || start % width !== 0) {
      const middle = start + splitPoint(width);
      return nativeNodeHash(
        await this.#node({ start, end: middle }),
        await this.#node({ start: middle, end }),
      );
    }
    let level = 0;
    let unit = 1;
    while (unit * TILE_WIDTH <= width) {
      unit *= TILE_WIDTH;
      level += 1;
    }
    const first = start / unit;
    const hashes = await this.#tile(level, Math.floor(first / TILE_WIDTH));
    const at = first % TILE_WIDTH;
    return treeRoot(hashes.slice(at, at + width / unit), nativeNodeHash);
  }

  async #bundle(index: number): Promise<readonly Uint8Array[]> {
    const width = tileWidth({ level: 'entries', index }, this.size);
    const bundle = await this.#reader.bundle({ index, width });
    const leaves = bundle.map(nativeLeafHash);
    if (width === TILE_WIDTH && (await this.#isBelowParent(leaves, { level: 0, index }))) return bundle;
    // Of a full bundle the tile tells which entry it is that does not fit.
    const expected = await this.#tile(0, index);
    const at = leaves.findIndex((leaf, place) => !equalBytes(leaf, expected[place] ?? new Uint8Array(0)));
    if (at < 0) return bundle;
    const path = tilePath({ level: 'entries', index, width });
    const offset = bundle.slice(0, at).reduce((sum, entry) => sum + 2 + entry.length, 0);
    throw this.#mismatch({ path, offset, entry: index * TILE_WIDTH + at });
  }

  #tile(level: number, index: number): Promise<readonly Uint8Array[]> {
    const key = `${level}/${index}`;
    const held = this.#tiles.get(key);
    if (held !== undefined) return held;
    const tile = this.#readTile(level, index);
    this.#tiles.set(key, tile);
    // A failed read may succeed later; only what was proven is kept.
    tile.catch(() => this.#tiles.delete(key));
    return tile;
  }

  async #readTile(level: number, index: number): Promise<readonly Uint8Array[]> {
    const width = tileWidth({ level, index }, this.size);
    if (width < TILE_WIDTH) return (await this.#openEdge())[level] ?? [];
    const hashes = await this.#reader.tile({ level, index, width });
    if (await this.#isBelowParent(hashes, { level, index })) return hashes;
    const above = { level: level + 1, index: Math.floor(index / TILE_WIDTH) };
    throw this.#mismatch({
      path: tilePath({ level, index, width: TILE_WIDTH }),
      // Where the tile above says what this one hashes to.
      parent: tilePath({ ...above, width: tileWidth(above, this.size) }),
      offset: (index % TILE_WIDTH) * 32,
    });
  }

  async #isBelowParent(
    hashes: readonly Uint8Array[],
    { level, index }: { readonly level: number; readonly index: number },
  ): Promise<boolean> {
    const parents = await this.#tile(level + 1, Math.floor(index / TILE_WIDTH));
    const parent = parents[index % TILE_WIDTH];
    return parent !== undefined && equalBytes(treeRoot(hashes, nativeNodeHash), parent);
  }

  async #openEdge(): Promise<readonly (readonly Uint8Array[])[]> {
    this.#edge ??= this.#readEdge();
    try {
      return await this.#edge;
    } catch (error) {
      this.#edge = undefined;
      throw error;
    }
  }

  async #readEdge(): Promise<readonly (readonly Uint8Array[])[]> {
    const edge: (readonly Uint8Array[])[] = [];
    const paths: string[] = [];
    for (let level = 0, hashes = this.size; hashes > 0; level++, hashes = levelWidth(level, this.size)) {
      const index = Math.floor(hashes / TILE_WIDTH);
      const width = hashes % TILE_WIDTH;
      edge.push(width === 0 ? [] : await this.#reader.tile({ level, index, width }));
      if (width > 0) paths.push(tilePath({ level, index, width }));
    }
    // The checkpoint's root stands over all of these at once: any of them may be the one, or the checkpoint.
    if (!equalBytes(edgeRoot(edge, nativeNodeHash), this.root))
      throw this.#mismatch({ path: ['checkpoint', ...paths].join(' ') });
    return edge;
  }

  #require(from: number, to: number): void {
    if (!(from >= 0 && from <= to && to <= this.size))
      throw new RangeError(`no range [${from}, ${to}) in a tree of ${this.size}`);
  }

  #mismatch(context: Readonly<Record<string, string | number>>): ProtocolError {
    return new ProtocolError('evidence_mismatch', {
      location: this.#reader.location,
      size: this.size,
      ...context,
    });
  }
}
