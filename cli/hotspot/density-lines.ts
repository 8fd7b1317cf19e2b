import type { HotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import { decimalText, divideHalfEven } from '#protocol/reward/decimal';
import { SCALE_DECIMALS } from '#protocol/reward/density';
import { showFigure } from '#protocol/verify/explain/figures';
import { keyText } from '#protocol/wire/key';
import { detail, row, shortKey } from './screen.ts';

const NAMED = 3;

/** The scale, and every resolution that lowers it with the hotspots that share its cell. */
export function densityLines({ density, policy }: HotspotEpoch): readonly string[] {
  if (density === null) {
    const scale = decimalText(BigInt(policy.unknown_scale_bp), SCALE_DECIMALS);
    return row('Scale', `none: no beacon of it was heard lately, and ${scale} would hold`);
  }
  const lowering = density.levels.filter(({ clipped, unclipped }) => clipped < unclipped);
  const scale = decimalText(density.scale, SCALE_DECIMALS);
  if (lowering.length === 0) return row('Scale', `${scale}: no resolution holds too many hotspots`);
  return [
    ...row('Scale', `${scale}, lowered by`),
    ...lowering.flatMap(({ resolution, unclipped, clipped, occupied, others, nearest }) => {
      const factor = divideHalfEven(BigInt(clipped) * 10n ** BigInt(SCALE_DECIMALS), BigInt(unclipped));
      const names = nearest
        .slice(0, NAMED)
        .map(({ key, metres }) => `${shortKey(keyText(key))} ${showFigure(metres, 'm')} away`);
      const more = others > NAMED ? `, and ${others - NAMED} more` : '';
      return detail(
        `x ${decimalText(factor, SCALE_DECIMALS)} at resolution ${resolution}: its cell counts ${unclipped} and may hold ${clipped}, ${occupied} of 7 around occupied; shared with ${names.join(', ')}${more}`,
      );
    }),
  ];
}
