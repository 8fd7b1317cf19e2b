import { CliError } from '../cli-error.ts';
import { readText } from './read-text.ts';
import { repeatedName } from './repeated-name.ts';

/** The JSON of a file that somebody named; an object that has a name twice is refused, whatever its values. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readText(file);
  const value = parsed(file, text);
  const repeated = repeatedName(text);
  if (repeated !== null) throw new CliError('repeated_name', { file, ...repeated });
  return value;
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new CliError('malformed_json', { file, problem }, { cause: error });
  }
}
