import type { Hotspot } from '#client';
import { factsAt } from '#protocol/settle/registry';
import type { EpochNumber } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import type { HotspotRow } from './tables.ts';

/** Rows of hotspots as they stand in an epoch. */
export function hotspotRows(hotspots: readonly Hotspot[], epoch: EpochNumber): readonly HotspotRow[] {
  return hotspots.map((hotspot) => {
    const facts = factsAt(hotspot, epoch);
    return {
      key: hotspot.key,
      address: keyText(hotspot.key),
      owner: hotspot.owner.toBase58(),
      destination: hotspot.destination.toBase58(),
      mode: facts.mode,
      status: facts.status,
      tier: facts.tier,
      cell: facts.cell === null ? null : String(facts.cell),
      latitude: facts.cell === null ? null : facts.latitude,
      longitude: facts.cell === null ? null : facts.longitude,
      gain: facts.gain,
      elevation: facts.elevation,
      registered_at: facts.registeredAt,
      claimed: String(hotspot.claimed),
    };
  });
}
