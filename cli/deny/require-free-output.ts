import { lstat, realpath } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';

/** A list replaces nothing but the earlier one that it continues: never the key, the entries or anybody's other file. */
export async function requireFreeOutput(of: {
  readonly entries: string;
  readonly key: string;
  readonly out: string;
  readonly list?: string;
}): Promise<void> {
  const stands = await lstat(of.out).catch(() => null);
  if (stands === null) return;
  const out = await realpath(of.out).catch(() => null);
  const isOut = async (file: string): Promise<boolean> =>
    out !== null && out === (await realpath(file).catch(() => null));
  for (const option of ['key', 'entries'] as const)
    if (await isOut(of[option]))
      throw new CliError('output_is_input', { file: of.out, option: `--${option}` });
  if (of.list === undefined || !(await isOut(of.list))) throw new CliError('output_stands', { file: of.out });
}
