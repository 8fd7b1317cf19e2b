import { decodeBundle, decodeTile, TILE_WIDTH, tilePath, type TilePlace } from '#protocol/evidence/tile';
import { Outage } from '../outage.ts';
import { openPublicFiles, type PublicFiles } from '../public-files.ts';

/** The files of a log as its server or a mirror gives them: whole in form, nothing in them proven. */
export interface PublicLogReader {
  readonly location: string;
  /** The note's bytes. */
  checkpoint(): Promise<Uint8Array>;
  /** Hashes of a tile of the hash tree. */
  tile(place: TilePlace & { readonly level: number }): Promise<readonly Uint8Array[]>;
  /** Entries of a bundle. */
  bundle(place: Omit<TilePlace, 'level'>): Promise<readonly Uint8Array[]>;
}

/** Far above any honest file: a checkpoint is text of a few lines and signatures, a bundle 256 entries of up to 64 KiB. */
const LIMIT = { checkpoint: 1 << 18, tile: TILE_WIDTH * 32, bundle: TILE_WIDTH * (2 + 65_535) };

/** `base` is a URL or a folder: the prefix under which `checkpoint` and `tile/` stand. */
export function publicLogReader({ base }: { readonly base: string }): PublicLogReader {
  return logReaderOver(openPublicFiles(base));
}

/** The same over any files, such as a mirror's. */
export function logReaderOver(files: PublicFiles): PublicLogReader {
  return {
    location: files.location,
    checkpoint: () => readWhole(files, 'checkpoint', LIMIT.checkpoint),
    tile: async (place) => {
      const { bytes, width } = await readPlace(files, place, LIMIT.tile);
      return decodeTile(bytes, { ...place, width }).slice(0, place.width);
    },
    bundle: async (place) => {
      const { bytes, width } = await readPlace(files, { ...place, level: 'entries' }, LIMIT.bundle);
      return decodeBundle(bytes, { ...place, level: 'entries', width }).slice(0, place.width);
    },
  };
}

/** A log may drop a partial file once the full one stands: that one begins with the same hashes or entries. */
async function readPlace(
  files: PublicFiles,
  place: TilePlace,
  limit: number,
): Promise<{ readonly bytes: Uint8Array; readonly width: number }> {
  const bytes = await files.read(tilePath(place), limit);
  if (bytes !== null) return { bytes, width: place.width };
  return {
    bytes: await readWhole(files, tilePath({ ...place, width: TILE_WIDTH }), limit),
    width: TILE_WIDTH,
  };
}

async function readWhole(files: PublicFiles, path: string, limit: number): Promise<Uint8Array> {
  const bytes = await files.read(path, limit);
  if (bytes === null) throw new Outage('file_missing', { location: files.location, path });
  return bytes;
}
