import type { HotspotKey } from '../units.ts';
import type { PocVerdict, Registry } from '../verify/poc.ts';
import type { Cell } from '../units.ts';
import type { Policy } from '../policy.ts';
import { pocUnits } from './units.ts';

/** Beacon and witness shares of a hotspot, scaled by 10^8 (scale x unit, 4 decimals each). */
export interface PocShares {
  readonly beacon: bigint;
  readonly witness: bigint;
}

/** Shares of an epoch's PoCs (poc.md 5): the beaconer's scale also applies to its witnesses. */
export function pocShares(input: {
  readonly verdicts: Iterable<PocVerdict>;
  readonly registry: Registry;
  readonly scales: ReadonlyMap<Cell, bigint>;
  readonly policy: Pick<Policy, 'units' | 'unknown_scale_bp'>;
}): ReadonlyMap<HotspotKey, PocShares> {
  const shares = new Map<HotspotKey, { beacon: bigint; witness: bigint }>();
  const of = (key: HotspotKey): { beacon: bigint; witness: bigint } => {
    const known = shares.get(key) ?? { beacon: 0n, witness: 0n };
    shares.set(key, known);
    return known;
  };
  for (const { beacon, witnesses } of input.verdicts) {
    if (beacon === null || beacon.reason !== null) continue;
    const selected = witnesses.filter((witness) => witness.selected);
    if (selected.length === 0) continue;
    const units = pocUnits(selected.length, input.policy.units);
    const cell = input.registry.get(beacon.key)?.cell ?? null;
    const scale =
      (cell === null ? undefined : input.scales.get(cell)) ?? BigInt(input.policy.unknown_scale_bp);
    of(beacon.key).beacon += scale * units.beacon;
    for (const witness of selected) of(witness.key).witness += scale * units.witness;
  }
  return shares;
}
