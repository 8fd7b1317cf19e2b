import { InvalidArgumentError } from 'commander';
import { ProtocolError } from '#protocol/errors';
import type { HotspotKey } from '#protocol/units';
import { listedKeyFromText } from '#protocol/wire/key';

/** Keys of a maker's list, read as the list's own lines are. */
export function parseListedKeys(text: string, before: readonly HotspotKey[] = []): readonly HotspotKey[] {
  try {
    return [...before, listedKeyFromText(text)];
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new InvalidArgumentError("expected a hotspot's key, base58check text");
  }
}
