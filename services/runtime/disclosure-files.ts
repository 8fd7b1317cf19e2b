import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProtocolError } from '#protocol/errors';
import { commitmentOf, readDisclosures, type Disclosure, type Disclosures } from '#protocol/route/disclosure';
import { Outage } from './outage.ts';

/**
 * Disclosures by their commitment, of a file or of every file in a folder and below it; whose they are does not matter,
 * because each proves itself. Throws Outage, or malformed_disclosure with the file.
 */
export async function readDisclosureFiles(place: string): Promise<Disclosures> {
  const disclosures = new Map<string, Disclosure>();
  for (const file of await filesOf(place))
    for (const disclosure of opened(file, await reading(file, () => readFile(file))))
      disclosures.set(commitmentOf(disclosure), disclosure);
  return disclosures;
}

async function filesOf(place: string): Promise<readonly string[]> {
  const found = await reading(place, () => stat(place));
  if (!found.isDirectory()) return [place];
  const entries = await reading(place, () => readdir(place, { recursive: true, withFileTypes: true }));
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

function opened(file: string, bytes: Uint8Array): readonly Disclosure[] {
  try {
    return readDisclosures(Uint8Array.from(bytes));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.code, { file, ...error.context });
  }
}

async function reading<Result>(path: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new Outage(isMissing ? 'file_missing' : 'files_unreachable', { path }, { cause: error });
  }
}
