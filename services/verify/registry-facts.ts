import { registryAt, type RawHotspot } from '#protocol/settle/registry';
import type { EpochNumber, HotspotKey } from '#protocol/units';
import type { PocGroup, Registry } from '#protocol/verify/poc';
import type { RegistryFile } from '../runtime/registry-file.ts';
import { epochEnd } from './epoch-at.ts';

/** Facts in force of the keys that groups name, as settlement takes them from the same accounts. */
export type RegistryFacts = (input: {
  readonly file: RegistryFile;
  readonly epoch: EpochNumber;
  readonly groups: readonly PocGroup[];
}) => Registry;

export function openRegistryFacts(): RegistryFacts {
  let indexed: RegistryFile | null = null;
  let byKey: ReadonlyMap<HotspotKey, RawHotspot> = new Map();
  return ({ file, epoch, groups }) => {
    if (file !== indexed) {
      byKey = new Map(file.hotspots.map((hotspot) => [hotspot.key, hotspot]));
      indexed = file;
    }
    const keys = new Set(groups.flatMap(({ reports }) => reports.map(({ report }) => report.key)));
    const hotspots = [...keys].flatMap((key) => byKey.get(key) ?? []);
    return registryAt({ hotspots, epoch, end: epochEnd(epoch, file.network) });
  };
}
