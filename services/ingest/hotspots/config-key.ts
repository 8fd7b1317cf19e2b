import { join } from 'node:path';
import type { HotspotKey } from '#protocol/units';
import { KEY_BYTES, parseKey } from '#protocol/wire/key';
import { loadOrCreateSeed, signingKeyOf } from '../../runtime/signing-seed.ts';

/** The one server key that hotspots know: `[config].pubkey` of their settings, in its base58check form. */
export interface ConfigKey {
  readonly key: HotspotKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Tag of an ed25519 key of the main key network; clients take it whatever network their own key is of. */
const ED25519_TAG = 0x01;

export function configKeyOf(seed: Uint8Array): ConfigKey {
  const { publicKey, sign } = signingKeyOf(seed);
  const tagged = new Uint8Array(KEY_BYTES);
  tagged[0] = ED25519_TAG;
  tagged.set(publicKey, 1);
  return { key: parseKey(tagged), sign };
}

/** From its seed in the data folder; made at first use, mode 0600. Another key there locks every hotspot out. */
export async function loadOrCreateConfigKey(dataDir: string): Promise<ConfigKey> {
  return configKeyOf(await loadOrCreateSeed(join(dataDir, 'ingest', 'config-key')));
}
