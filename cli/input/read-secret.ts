import { stat } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';
import { orRefused } from './read-input.ts';
import { readText } from './read-text.ts';

/** The text of a key file, that nobody but its owner may read. */
export async function readSecret(file: string): Promise<string> {
  const found = await orRefused(file, () => stat(file));
  if (found.isDirectory()) throw new CliError('is_a_folder', { file });
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
    throw new CliError('open_secret', { file, mode });
  }
  return await readText(file);
}
