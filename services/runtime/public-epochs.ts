import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { FolderFiles } from '#protocol/settle/folder';
import { MANIFEST, openManifest } from '#protocol/settle/folder/manifest-file';
import { epochPath, INDEX_PATH } from '#protocol/settle/folder/public-path';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import type { PublicFiles } from './public-files.ts';

export { epochPath, INDEX_PATH, mirrorPath, mirrorPlace } from '#protocol/settle/folder/public-path';

/** `epochs/index.json` of an oracle: a hint where to look; what it names is authenticated by hashes. */
export interface EpochEntry {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
  readonly parentTupleHash: Hash;
}

const hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const stored = Compile(
  Type.Object({
    epochs: Type.Array(
      Type.Object({
        epoch: Type.String({ pattern: '^[0-9]{1,20}$' }),
        tupleHash: hash,
        parentTupleHash: hash,
      }),
    ),
  }),
);

export function indexText(entries: readonly EpochEntry[]): string {
  const epochs = entries.map((entry) => ({ ...entry, epoch: entry.epoch.toString() }));
  return `${JSON.stringify({ epochs }, null, 1)}\n`;
}

/** In ascending order of epoch; empty where there is no index. */
export async function readEpochIndex(source: PublicFiles): Promise<readonly EpochEntry[]> {
  const bytes = await source.read(INDEX_PATH);
  if (bytes === null) return [];
  const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!stored.Check(value)) {
    const [error] = stored.Errors(value);
    throw new Error(`${INDEX_PATH}: ${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`);
  }
  return value.epochs
    .map(({ epoch, tupleHash, parentTupleHash }) => ({
      epoch: epochNumber(BigInt(epoch)),
      tupleHash: tupleHash as Hash,
      parentTupleHash: parentTupleHash as Hash,
    }))
    .sort((a, b) => (a.epoch < b.epoch ? -1 : 1));
}

/** A manifest names some files; no honest one comes near. */
const MANIFEST_BYTES = 1 << 16;

/** The files that the epoch's manifest names, and the manifest; null where the source has no such epoch. */
export async function readEpochFiles(
  source: PublicFiles,
  epoch: EpochNumber,
  limit?: number,
): Promise<FolderFiles | null> {
  const manifest = await source.read(epochPath(epoch, MANIFEST), MANIFEST_BYTES);
  if (manifest === null) return null;
  const files = new Map([[MANIFEST, manifest]]);
  for (const name of openManifest(manifest).keys()) {
    // A missing file is for the folder's own checks to name.
    const bytes = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)
      ? await source.read(epochPath(epoch, name), limit)
      : null;
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}
