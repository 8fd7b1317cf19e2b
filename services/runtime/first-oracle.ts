import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Outage } from './outage.ts';

/** The public files of the first oracle below a data folder; Outage `file_missing` where there is none. */
export async function firstOracle(dataDir: string): Promise<string> {
  const names = await readdir(dataDir).catch(() => []);
  const [first] = names.filter((name) => /^oracle-\d+$/.test(name)).sort();
  if (first === undefined) throw new Outage('file_missing', { path: join(dataDir, 'oracle-1') });
  return join(dataDir, first);
}
