import type { HotspotKey } from '#protocol/units';
import { keyFromTextOrHex, listedKeyFromText } from '#protocol/wire/key';
import { argument } from './argument.ts';

/** A hotspot's key in either of its forms. */
export function parseHotspotKey(text: string): HotspotKey {
  return argument(
    () => keyFromTextOrHex(text),
    "expected a hotspot's key, base58check text or 66 hex digits",
  );
}

/** Keys of a maker's list, read as the list's own lines are. */
export function parseListedKeys(text: string, before: readonly HotspotKey[] = []): readonly HotspotKey[] {
  return argument(() => [...before, listedKeyFromText(text)], "expected a hotspot's key, base58check text");
}
