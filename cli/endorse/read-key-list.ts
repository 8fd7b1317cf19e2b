import { open } from 'node:fs/promises';
import { ProtocolError } from '#protocol/errors';
import type { HotspotKey } from '#protocol/units';
import { listedKeyFromText } from '#protocol/wire/key';
import { CliError } from '../cli-error.ts';
import { orRefused } from '../input/read-input.ts';

/** What a text file of keys holds. */
export interface KeyList {
  readonly keys: readonly HotspotKey[];
  /** Lines that name a key again. */
  readonly repeated: number;
}

/** Reads one key a line, in base58check text; empty lines and what follows a # are ignored. Refusals name the line. */
export async function readKeyList(file: string): Promise<KeyList> {
  // As the root counts them: whatever network a key's text names, it is one key.
  const keys = new Map<string, HotspotKey>();
  let named = 0;
  for await (const { text, line } of await openLines(file)) {
    const key = parsedAt(text, line);
    named += 1;
    keys.set(key.slice(1), key);
  }
  return { keys: [...keys.values()], repeated: named - keys.size };
}

async function openLines(
  file: string,
): Promise<AsyncIterable<{ readonly text: string; readonly line: number }>> {
  const handle = await orRefused(file, () => open(file));
  if ((await handle.stat()).isDirectory()) {
    await handle.close();
    throw new CliError('is_a_folder', { file });
  }
  return (async function* () {
    let line = 0;
    for await (const whole of handle.readLines()) {
      line += 1;
      const text = whole.replace(/#.*$/, '').trim();
      if (text !== '') yield { text, line };
    }
  })();
}

function parsedAt(text: string, line: number): HotspotKey {
  try {
    return listedKeyFromText(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.code, { ...error.context, line });
  }
}
