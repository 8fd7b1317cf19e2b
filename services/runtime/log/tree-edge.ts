import { edgeRoot, encodeBundle, TILE_WIDTH, tilePath, type TilePlace } from '#protocol/evidence/tile';
import { treeRoot } from '#protocol/evidence/merkle';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';

/** A public file, its path relative to the log's prefix. */
export interface PublicFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** The right edge of the public tree: what of it is not in full tiles yet. Appending tells which tiles became full. */
export class TreeEdge {
  #size = 0;
  /** Entries of the unfinished bundle. */
  #entries: Uint8Array[] = [];
  /** For each level the hashes of its unfinished tile. */
  #levels: Uint8Array[][] = [[]];

  /** The edge at a size, from the hashes of each level's unfinished tile and the entries of the unfinished bundle. */
  static at(of: {
    readonly size: number;
    readonly levels: readonly (readonly Uint8Array[])[];
    readonly entries: readonly Uint8Array[];
  }): TreeEdge {
    const edge = new TreeEdge();
    edge.#size = of.size;
    edge.#entries = [...of.entries];
    edge.#levels = of.size === 0 ? [[]] : of.levels.map((hashes) => [...hashes]);
    return edge;
  }

  get size(): number {
    return this.#size;
  }

  root(): Uint8Array {
    return edgeRoot(this.#levels, nativeNodeHash);
  }

  clone(): TreeEdge {
    const copy = new TreeEdge();
    copy.#size = this.#size;
    copy.#entries = [...this.#entries];
    copy.#levels = this.#levels.map((hashes) => [...hashes]);
    return copy;
  }

  /** Tiles and bundles that this entry completed. */
  append(entry: Uint8Array): TilePlaceAndBytes[] {
    const full: TilePlaceAndBytes[] = [];
    const index = Math.floor(this.#size / TILE_WIDTH);
    this.#entries.push(entry);
    this.#size += 1;
    if (this.#entries.length === TILE_WIDTH) {
      full.push({ level: 'entries', index, width: TILE_WIDTH, bytes: encodeBundle(this.#entries) });
      this.#entries = [];
    }
    let hash = nativeLeafHash(entry);
    for (let level = 0, tile = index; ; level++, tile = Math.floor(tile / TILE_WIDTH)) {
      const hashes = (this.#levels[level] ??= []);
      hashes.push(hash);
      if (hashes.length < TILE_WIDTH) return full;
      full.push({ level, index: tile, width: TILE_WIDTH, bytes: concat(hashes) });
      hash = treeRoot(hashes, nativeNodeHash);
      this.#levels[level] = [];
    }
  }

  /** The partial files that a checkpoint of this size needs. */
  partials(): TilePlaceAndBytes[] {
    const index = Math.floor(this.#size / TILE_WIDTH);
    const files: TilePlaceAndBytes[] = [];
    const width = this.#entries.length;
    if (width > 0) files.push({ level: 'entries', index, width, bytes: encodeBundle(this.#entries) });
    let tile = index;
    for (const [level, hashes] of this.#levels.entries()) {
      if (hashes.length > 0) files.push({ level, index: tile, width: hashes.length, bytes: concat(hashes) });
      tile = Math.floor(tile / TILE_WIDTH);
    }
    return files;
  }
}

export interface TilePlaceAndBytes extends TilePlace {
  readonly bytes: Uint8Array;
}

export function publicFile(tile: TilePlaceAndBytes): PublicFile {
  return { path: tilePath(tile), bytes: tile.bytes };
}

function concat(hashes: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(hashes);
}
