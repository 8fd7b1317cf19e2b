import { decodeBundle, decodeTile, TILE_WIDTH, tilePath, type TilePlace } from '#protocol/evidence/tile';
import type { PublicLogReader } from '#services/runtime/evidence/public-log-reader';

/** Files below a URL; nothing in them is believed. */
export interface Files {
  readonly base: string;
  /** null where the server has no such file, or lets no page of another site read it. */
  read(path: string): Promise<Uint8Array | null>;
}

export function filesAt(base: string): Files {
  const root = base.replace(/\/+$/, '');
  return {
    base: root,
    async read(path) {
      const url = `${root}/${path.split('/').map(encodeURIComponent).join('/')}`;
      // Many servers let pages of other sites read what there is, and not that something is missing.
      const response = await fetch(url).catch(() => null);
      if (response === null || response.status === 404) return null;
      if (!response.ok) throw new Error(`${root}/${path} answered ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

export async function requireFile(files: Files, path: string): Promise<Uint8Array> {
  const bytes = await files.read(path);
  if (bytes === null)
    throw new Error(`${files.base} has no ${path}, or lets no page of another site read it`);
  return bytes;
}

/** A log's files below a path; a full file serves for a partial one that was dropped. */
export function logAt(files: Files, prefix: string): PublicLogReader {
  const readPlace = async (place: TilePlace): Promise<{ bytes: Uint8Array; width: number }> => {
    const bytes = await files.read(`${prefix}/${tilePath(place)}`);
    if (bytes !== null) return { bytes, width: place.width };
    const whole = { ...place, width: TILE_WIDTH };
    return { bytes: await requireFile(files, `${prefix}/${tilePath(whole)}`), width: TILE_WIDTH };
  };
  return {
    location: `${files.base}/${prefix}`,
    checkpoint: () => requireFile(files, `${prefix}/checkpoint`),
    tile: async (place) => {
      const { bytes, width } = await readPlace(place);
      return decodeTile(bytes, { ...place, width }).slice(0, place.width);
    },
    bundle: async (place) => {
      const { bytes, width } = await readPlace({ ...place, level: 'entries' });
      return decodeBundle(bytes, { ...place, level: 'entries', width }).slice(0, place.width);
    },
  };
}
