import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { disclosuresByCommitment, readDisclosures, type Disclosures } from '#protocol/route/disclosure';

/** Disclosures from a file, or from every file of a folder; by their commitments it does not matter which epoch they are of. */
export async function readDisclosureFiles(place: string): Promise<Disclosures> {
  const isFolder = (await stat(place)).isDirectory();
  const paths = isFolder ? (await readdir(place)).sort().map((name) => join(place, name)) : [place];
  const all = await Promise.all(
    paths.map(async (path) => readDisclosures(new Uint8Array(await readFile(path)))),
  );
  return disclosuresByCommitment(all.flat());
}
