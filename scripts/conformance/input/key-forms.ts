import type { HotspotKey } from '#protocol/units';
import { fromHex, isHex } from '#protocol/wire/hex';
import { keyText, listedKeyFromText, parseTaggedKey } from '#protocol/wire/key';

/** Lines name the same keys many times, and base58check is slow; only keys that are known to be good stay. */
const MOST_KEYS = 65_536;
const names = new Map<string, HotspotKey>();
const texts = new Map<HotspotKey, string>();

/** `keyFromTextOrHex` for a key that signs nothing here: it need not be on its curve. */
export function keyNameOf(form: string): HotspotKey {
  const known = names.get(form);
  if (known !== undefined) return known;
  const key = isHex(form) ? parseTaggedKey(fromHex(form)) : listedKeyFromText(form);
  if (names.size >= MOST_KEYS) names.clear();
  names.set(form, key);
  return key;
}

/** The key's base58check text. */
export function textOf(key: HotspotKey): string {
  let text = texts.get(key);
  if (text === undefined) {
    text = keyText(key);
    if (texts.size >= MOST_KEYS) texts.clear();
    texts.set(key, text);
  }
  return text;
}
