import picocolors from 'picocolors';
import type { ClockReading } from '#protocol/hotspot/clocks';
import type { HotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import { decimalText } from '#protocol/reward/decimal';
import { RATE_DECIMALS, SHARE_DECIMALS } from '#protocol/reward/pools';
import { policyFigure } from '#protocol/verify/explain/figures';
import { keyText } from '#protocol/wire/key';
import { adviceText } from './advice-text.ts';
import { densityLines } from './density-lines.ts';
import type { HotspotChain } from './read-chain.ts';
import { beaconGroups, witnessGroups, type ReportGroup } from './report-groups.ts';
import { detail, roughSpan, row, timeNear, tokens } from './screen.ts';

/** Where the folder was read, whether it was recomputed first, and what the chain said if it was asked. */
export interface Told {
  readonly location: string;
  readonly recomputed: boolean;
  readonly chain: HotspotChain | null;
}

const SHOWN_GROUPS = 3;
const SHOWN_PENDING = 3;

/** The screen of `hotspot why`. */
export function whyLines(epoch: HotspotEpoch, told: Told): readonly string[] {
  return [
    ...headLines(epoch, told),
    '',
    ...payLines(epoch),
    ...holdingLines(epoch, told.chain),
    '',
    ...placeLines(epoch),
    ...clockLines(epoch),
    '',
    ...groupLines('Beacons sent', beaconGroups(epoch.reports.sent)),
    ...groupLines('Heard others', witnessGroups(epoch.reports.given, 'of')),
    ...groupLines('Heard by', witnessGroups(epoch.reports.received, 'by')),
    ...densityLines(epoch),
    '',
    ...adviceLines(epoch),
  ];
}

function headLines({ hotspot, facts }: HotspotEpoch, { location, recomputed }: Told): readonly string[] {
  const end = facts.end * 1000;
  const trust = recomputed
    ? 'recomputed here from its evidence'
    : "an oracle's word, not recomputed (--check does that first)";
  return [
    ...row('Hotspot', keyText(hotspot.key)),
    ...row(
      'Epoch',
      `${facts.epoch}, ${timeNear(facts.start * 1000)} to ${timeNear(end, facts.start * 1000)}; times are UTC`,
    ),
    ...row('Source', `${location}, ${trust}`),
  ];
}

function payLines({ pay, facts, policy }: HotspotEpoch): readonly string[] {
  if (pay === null)
    return row(
      'Earned',
      `nothing in this epoch: no shares in its emission of ${tokens(facts.emission)} tokens`,
    );
  const pools = [
    { name: 'beacons', of: pay.beacon },
    { name: 'witnesses', of: pay.witness },
    { name: 'data', of: pay.data },
  ].filter(({ of }) => of.shares > 0n);
  const cap = pay.open
    ? `; at the rate of open hotspots, which together get at most ${policyFigure(policy, 'trust.open_cap_bp')} of each pool`
    : '';
  return [
    ...row('Earned', `${picocolors.green(tokens(pay.total))} tokens in this epoch${cap}`),
    ...pools.flatMap(({ name, of }) => {
      const perShare = tokens(of.rate / 10n ** BigInt(RATE_DECIMALS));
      const shares = decimalText(of.shares, SHARE_DECIMALS);
      return detail(`${name.padEnd(9)} ${shares} shares x ${perShare} = ${tokens(of.amount)}`);
    }),
  ];
}

function holdingLines({ holdings, facts }: HotspotEpoch, chain: HotspotChain | null): readonly string[] {
  const { cumulative, added, pending } = holdings;
  const claimed =
    chain === null
      ? ''
      : chain.claimed === null
        ? '; not registered on chain'
        : `; claimed on chain: ${tokens(chain.claimed)}`;
  const paid =
    cumulative === 0n
      ? 'nothing yet'
      : `${tokens(cumulative)} tokens, of which ${tokens(added)} with this epoch`;
  const lines = [...row('Paid so far', `${paid}${claimed}`)];
  if (chain !== null) lines.push(...row('On chain', CHAIN_TEXT[chain.tuple]));
  for (const [at, each] of pending.slice(0, SHOWN_PENDING).entries()) {
    const fate = each.dropped
      ? 'dropped unless the deny list changes'
      : `paid with epoch ${each.paidWith}, not before ${timeNear(each.earliest * 1000, facts.end * 1000)}`;
    const earned = `${tokens(each.amount)} of epoch ${each.epoch}${each.earnedBy === 'data' ? ' for data' : ''}`;
    lines.push(...row(at === 0 ? 'Held back' : '', `${earned}: ${fate}`));
  }
  if (pending.length > SHOWN_PENDING) {
    const rest = pending.slice(SHOWN_PENDING).reduce((sum, each) => sum + each.amount, 0n);
    lines.push(...row('', `${tokens(rest)} of ${pending.length - SHOWN_PENDING} more`));
  }
  if (pending.length === 0 && facts.holdback > 0) lines.push(...row('Held back', 'nothing'));
  return lines;
}

const CHAIN_TEXT: Readonly<Record<HotspotChain['tuple'], string>> = {
  final: 'this epoch is the latest final one, with the same tuple',
  other: picocolors.red('another tuple is final for this epoch: what this folder says was not settled'),
  not_final: 'this epoch is not final yet: its amounts may still change',
  older: 'a later epoch is final; npm run audit tells whether this one led to it',
};

function placeLines({ hotspot, region, denials, facts, policy }: HotspotEpoch): readonly string[] {
  const { cell, latitude, longitude, gain, elevation, mode, status } = hotspot;
  const place =
    cell === null
      ? 'no location in force'
      : `cell ${cell.toString(16)} at ${(latitude / 1e9).toFixed(5)}, ${(longitude / 1e9).toFixed(5)}, ${region ?? 'in no region'}, gain ${(gain / 10).toFixed(1)} dBi, ${elevation} m`;
  const entry = denials.entry;
  const listed =
    entry === null
      ? ''
      : `; ${picocolors.red(`on the deny list from epoch ${entry.from}`)}, for ${entry.reason}`;
  const pairs = denials.pairs.filter(({ from }) => BigInt(from) <= facts.epoch).length;
  const pairText = pairs === 0 ? '' : `; ${pairs} of its pairs on the deny list`;
  return [
    ...row('Place', place),
    ...row(
      'Standing',
      `${mode.replace('_', ' ')}, ${status}, ${tierText(hotspot.tier, policy)}${listed}${pairText}`,
    ),
  ];
}

function tierText(tier: HotspotEpoch['hotspot']['tier'], { trust }: HotspotEpoch['policy']): string {
  if (tier !== 'open') return `${tier}: its pairs count with any hotspot, and no cap holds for it`;
  return trust.pairs === 'any'
    ? 'open: nobody vouches for its key'
    : 'open: nobody vouches for its key, and its pairs with other open ones are not paid';
}

function clockLines({ clocks, facts, policy }: HotspotEpoch): readonly string[] {
  const { lastBeacon, lastHeard, lastWitness } = clocks;
  const end = facts.end * 1000;
  const at = (clock: ClockReading | null): string =>
    clock === null ? 'never' : `${timeNear(clock.at, end)}, ${roughSpan(clock.age)} before the end`;
  const interval = policyFigure(policy, 'beacon_interval_s');
  const next =
    lastBeacon === null
      ? 'one counts at any time'
      : `the next counts from ${timeNear(lastBeacon.until, end)} on (one in ${interval})`;
  const reciprocal = (what: string, clock: ClockReading | null): string => {
    if (facts.epoch + 1n < BigInt(policy.reciprocity_from))
      return `nothing depends on it before epoch ${policy.reciprocity_from}`;
    if (clock === null) return `its ${what} do not count before`;
    const until = timeNear(clock.until, end);
    return clock.until <= end
      ? `its ${what} stopped counting at ${until}`
      : `its ${what} count until ${until}`;
  };
  return [
    ...row('Last beacon', `${at(lastBeacon)}; ${next}`),
    ...row('Last heard', `${at(lastHeard)}; ${reciprocal('witness reports', lastHeard)}`),
    ...row('Last witness', `${at(lastWitness)}; ${reciprocal('beacons', lastWitness)}`),
  ];
}

function groupLines(label: string, groups: readonly ReportGroup[]): readonly string[] {
  if (groups.length === 0) return row(label, 'none');
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const counts = groups.map(({ outcome, count }) => `${count} ${outcome}`).join(', ');
  return [
    ...row(label, groups.length === 1 ? counts : `${total}: ${counts}; the last of each:`),
    ...groups.slice(0, SHOWN_GROUPS).flatMap(({ outcome, says }) => {
      if (says === null) return [];
      return detail(says.toLowerCase().startsWith(outcome) ? says : `${outcome}: ${says}`);
    }),
    ...(groups.length > SHOWN_GROUPS
      ? detail(`and ${groups.length - SHOWN_GROUPS} more kinds (--json)`)
      : []),
  ];
}

function adviceLines(epoch: HotspotEpoch): readonly string[] {
  if (epoch.advice.length === 0) return row('To earn more', 'nothing in this epoch stood in the way of more');
  return epoch.advice.flatMap((advice, at) =>
    row(at === 0 ? 'To earn more' : '', `${at + 1}. ${adviceText(advice, epoch)}`),
  );
}
