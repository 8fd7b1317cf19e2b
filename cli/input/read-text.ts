import { CliError } from '../cli-error.ts';
import { readInput } from './read-input.ts';

/** The text of a file that somebody named: UTF-8 without a byte order mark or NUL. */
export async function readText(file: string): Promise<string> {
  const bytes = await readInput(file);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    throw new CliError('byte_order_mark', { file });
  const text = decoded(bytes);
  if (text === null || text.includes('\0')) throw new CliError('not_text', { file });
  return text;
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
