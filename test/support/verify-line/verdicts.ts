import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';

/** A verdict with what it stands for, as far as both sides name it. */
export interface PlacedVerdict {
  readonly epoch: string;
  readonly role: 'beacon' | 'witness' | 'other';
  readonly verdict: ReportVerdict;
}

export function placedVerdicts(of: {
  readonly epoch: string;
  readonly verdict: PocVerdict;
}): readonly PlacedVerdict[] {
  const { epoch, verdict } = of;
  const placed = (role: PlacedVerdict['role'], reports: readonly ReportVerdict[]): readonly PlacedVerdict[] =>
    reports.map((each) => ({ epoch, role, verdict: each }));
  return [
    ...placed('beacon', verdict.beacon === null ? [] : [verdict.beacon]),
    ...placed('witness', verdict.witnesses),
    ...placed('other', verdict.others),
  ];
}

/** By `origin index`; throws where a place has two. */
export function byPlace(placed: readonly PlacedVerdict[]): ReadonlyMap<string, PlacedVerdict> {
  const map = new Map<string, PlacedVerdict>();
  for (const each of placed) {
    const { origin, index } = each.verdict.position;
    const place = `${origin} ${index}`;
    if (map.has(place)) throw new Error(`two verdicts name ${place}`);
    map.set(place, each);
  }
  return map;
}
