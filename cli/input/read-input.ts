import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';

/** The bytes of a file that somebody named; never none. */
export async function readInput(file: string): Promise<Uint8Array> {
  const bytes = Uint8Array.from(await orRefused(file, () => readFile(file)));
  if (bytes.length === 0) throw new CliError('empty_file', { file });
  return bytes;
}

/** Names the file and what to do where the system only has a code. */
export async function orRefused<Result>(file: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || error instanceof CliError) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw new CliError('no_such_file', { file }, { cause: error });
    if (error.code === 'EISDIR') throw new CliError('is_a_folder', { file }, { cause: error });
    throw new CliError('unreadable_file', { file, problem: String(error.code) }, { cause: error });
  }
}
