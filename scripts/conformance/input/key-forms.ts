import type { HotspotKey } from '#protocol/units';
import { keyFromText, keyText, listedKeyFromText, parseKey, parseTaggedKey } from '#protocol/wire/key';

/** Lines name the same keys many times, and base58check is slow; only keys that are known to be good stay. */
const MOST_KEYS = 65_536;
const names = new Map<string, HotspotKey>();
const texts = new Map<HotspotKey, string>();

/** The key by its base58check text or its bytes in hex; malformed_key or unsupported_key_type. */
export function keyOf(form: string): HotspotKey {
  const bytes = bytesOf(form);
  return bytes === null ? keyFromText(form) : parseKey(bytes);
}

/** The same for a key that signs nothing here: it need not be on its curve. */
export function keyNameOf(form: string): HotspotKey {
  const known = names.get(form);
  if (known !== undefined) return known;
  const bytes = bytesOf(form);
  const key = bytes === null ? listedKeyFromText(form) : parseTaggedKey(bytes);
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

/** Bytes of hex digits; null for other text. */
function bytesOf(form: string): Uint8Array | null {
  const isHex = form !== '' && form.length % 2 === 0 && !/[^0-9a-fA-F]/.test(form);
  return isHex ? Buffer.from(form, 'hex') : null;
}
