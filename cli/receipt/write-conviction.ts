import { writeFile } from 'node:fs/promises';
import type { ConvictionJson } from '#protocol/evidence/conviction';
import { CliError } from '../cli-error.ts';

/** Writes a conviction to a new file: nothing that stands is replaced. */
export async function writeConviction(file: string, conviction: ConvictionJson): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(conviction, null, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CliError('conviction_unwritten', { file, problem }, { cause: error });
  }
}
