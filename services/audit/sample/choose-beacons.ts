import type { EpochVerdicts } from '#protocol/settle/folder/verdicts-file';
import type { Hash } from '#protocol/units';
import { nativeSha256Hex } from '#services/runtime/evidence/native-hash';

/**
 * Report ids of the `beacons` beacons whose SHA-256("coverant/sample/v1" || seed || 0x00 || tuple hash || report id, the
 * hashes in hex) is lowest: anyone chooses the same by the same seed, and nobody foresees them who does not know it.
 */
export function chooseBeacons(input: {
  readonly verdicts: EpochVerdicts['verdicts'];
  readonly tupleHash: Hash;
  readonly seed: string;
  readonly beacons: number;
}): { readonly chosen: ReadonlySet<Hash>; readonly of: number } {
  const { tupleHash, seed } = input;
  const ids = input.verdicts.flatMap(({ beacon }) => (beacon === null ? [] : [beacon.reportId]));
  const ranked = ids.map((id) => ({
    id,
    rank: nativeSha256Hex(Buffer.from(`coverant/sample/v1${seed}\0${tupleHash}${id}`)),
  }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return { chosen: new Set(ranked.slice(0, input.beacons).map(({ id }) => id)), of: ids.length };
}
