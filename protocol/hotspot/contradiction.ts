import { ProtocolError } from '../errors.ts';
import { decimalText } from '../reward/decimal.ts';
import { SHARE_DECIMALS } from '../reward/pools.ts';
import { FILES } from '../settle/folder.ts';
import { hotspotLeafKey } from '../settle/leaf.ts';
import type { HotspotKey } from '../units.ts';
import type { HotspotEpoch } from './hotspot-epoch.ts';
import type { HotspotSources } from './sources.ts';

/**
 * Verdicts and shares have no hash in the tuple, but must fit each other and the state, which has: throws malformed_folder
 * where what they say of the hotspot does not. That they follow from the evidence, only `checkFolder` can tell.
 */
export function refuseContradiction(
  { reports, density, pay }: Pick<HotspotEpoch, 'reports' | 'density' | 'pay'>,
  { sources, key }: { readonly sources: HotspotSources; readonly key: HotspotKey },
): void {
  const { facts, state, shares } = sources;
  const sum = (of: readonly { readonly shares: bigint }[]): string =>
    decimalText(
      of.reduce((all, each) => all + each.shares, 0n),
      SHARE_DECIMALS,
    );
  const pairs = [
    { field: 'beacon_shares', found: sum(pay === null ? [] : [pay.beacon]), expected: sum(reports.sent) },
    { field: 'witness_shares', found: sum(pay === null ? [] : [pay.witness]), expected: sum(reports.given) },
    {
      field: 'scale',
      found: String(shares.hotspots.get(key)?.scale ?? null),
      expected: String(pay === null ? null : (density?.scale ?? null)),
    },
  ];
  const held = state.pending.get(facts.epoch)?.get(hotspotLeafKey(key)) ?? 0n;
  // Without holdback the epoch's amounts are in the totals already.
  if (facts.holdback > 0)
    pairs.push({ field: 'amounts', found: String(pay?.total ?? 0n), expected: String(held) });
  const different = pairs.find(({ found, expected }) => found !== expected);
  if (different !== undefined)
    throw new ProtocolError('malformed_folder', { file: FILES.shares, ...different });
}
