import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { ProtocolError } from '#protocol/errors';
import type { HotspotKey } from '#protocol/units';
import { listedKeyFromText } from '#protocol/wire/key';

/** What a text file of keys holds. */
export interface KeyList {
  readonly keys: readonly HotspotKey[];
  /** Lines that name a key again. */
  readonly repeated: number;
}

/** Reads one key a line, in base58check text; empty lines and what follows a # are ignored. Refusals name the line. */
export async function readKeyList(file: string): Promise<KeyList> {
  const keys = new Set<HotspotKey>();
  let [line, repeated] = [0, 0];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line += 1;
    const key = text.replace(/#.*$/, '').trim();
    if (key === '') continue;
    const before = keys.size;
    keys.add(parsedAt(key, line));
    if (keys.size === before) repeated += 1;
  }
  return { keys: [...keys], repeated };
}

function parsedAt(text: string, line: number): HotspotKey {
  try {
    return listedKeyFromText(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new ProtocolError(error.code, { ...error.context, line });
  }
}
