import type { DeniedEdge, DeniedKey, DenyFile } from '../deny/deny-file.ts';
import type { EpochNumber, HotspotKey } from '../units.ts';
import { keyText } from '../wire/key.ts';

/** What a deny list says of a hotspot; an entry holds from its `from` epoch on. */
export interface HotspotDenials {
  readonly entry: DeniedKey | null;
  readonly inForce: boolean;
  /** Pairs of which it is one, in force or to come. */
  readonly pairs: readonly DeniedEdge[];
}

/** The entries of a list that name the hotspot. */
export function hotspotDenials(input: {
  readonly key: HotspotKey;
  readonly deny: DenyFile | null;
  readonly epoch: EpochNumber;
}): HotspotDenials {
  const text = keyText(input.key);
  const entry = input.deny?.keys.find(({ key }) => key === text) ?? null;
  return {
    entry,
    inForce: entry !== null && BigInt(entry.from) <= input.epoch,
    pairs: input.deny?.edges.filter(({ a, b }) => a === text || b === text) ?? [],
  };
}
