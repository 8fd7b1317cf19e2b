import type { HotspotKey } from '#protocol/units';
import type { RegistryFile, RegistryReader } from '../runtime/registry-file.ts';

/** What is known of the network at this moment. */
export interface Registered {
  /** null until follow has written the registry: then no key is known either. */
  readonly keyNetwork: 'mainnet' | 'testnet' | null;
  readonly keys: ReadonlySet<HotspotKey>;
}

/** Looks whether the registry has changed, and builds the set of keys only then. */
export function openRegistered(registry: RegistryReader): () => Promise<Registered> {
  let file: RegistryFile | null = null;
  let registered: Registered = { keyNetwork: null, keys: new Set() };
  return async () => {
    const newest = await registry.read();
    if (newest !== null && newest !== file) {
      file = newest;
      const keys = new Set(newest.hotspots.map(({ key }) => key));
      registered = { keyNetwork: newest.network.keyNetwork, keys };
    }
    return registered;
  };
}
