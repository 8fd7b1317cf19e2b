import { InvalidArgumentError } from 'commander';
import { ProtocolError } from '#protocol/errors';
import type { HotspotKey } from '#protocol/units';
import { keyFromTextOrHex } from '#protocol/wire/key';

/** A hotspot's key in either of its forms. */
export function parseHotspotKey(text: string): HotspotKey {
  try {
    return keyFromTextOrHex(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new InvalidArgumentError("expected a hotspot's key, base58check text or 66 hex digits");
  }
}
