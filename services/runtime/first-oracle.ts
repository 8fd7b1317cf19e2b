import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Outage } from './outage.ts';

/** The public files of the oracle with the lowest number below a data folder; Outage `file_missing` where there is none. */
export async function firstOracle(dataDir: string): Promise<string> {
  const numbers = (await namesIn(dataDir)).flatMap((name) => /^oracle-(\d+)$/.exec(name)?.[1] ?? []);
  const [first] = numbers.sort((a, b) => Number(a) - Number(b));
  if (first === undefined) throw new Outage('file_missing', { path: join(dataDir, 'oracle-1') });
  return join(dataDir, `oracle-${first}`);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new Outage('files_unreachable', { location: folder }, { cause: error });
  }
}
