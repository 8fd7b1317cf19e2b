import { classify } from '#protocol/deny/classify';
import type { Finding } from '#protocol/deny/classifiers/finding';
import { observe } from '#protocol/deny/classifiers/observed';
import { CHEATS, KINDS, type Hotspot } from './radio-fleet/hotspot.ts';
import { judgeFleet } from './radio-fleet/judge-fleet.ts';
import { makeFleet } from './radio-fleet/make-fleet.ts';

const SIZE = 10_000;
const SEEDS = [11, 12, 13];
const DAYS = 3;

/** How many of one kind of hotspot there are and are listed, and for which reasons. */
export interface KindRate {
  readonly kind: string;
  readonly count: number;
  readonly found: number;
  readonly reasons: readonly string[];
}

export interface DenyFigure {
  readonly size: number;
  readonly seed: number;
  readonly receptions: number;
  /** Cheaters by kind; a pair with an honest hotspot does not count as found. */
  readonly cheaters: readonly KindRate[];
  readonly honest: number;
  /** Honest hotspots that are listed themselves, or in a pair with another honest one. */
  readonly honestListed: readonly Finding[];
  /** Pairs of an honest hotspot and a cheater. */
  readonly mixedPairs: number;
}

/** What the classifiers find in a simulated fleet with 2 % of every kind of cheater. */
export function measureDeny(of: { readonly size: number; readonly seed: number }): DenyFigure {
  const fleet = makeFleet(of);
  const judged = judgeFleet({ fleet, seed: of.seed, days: DAYS });
  const findings = classify(observe(judged));
  const byKey = new Map(fleet.map((hotspot) => [hotspot.facts.key, hotspot]));
  const honestOnes = fleet.filter(isHonest);
  const named = ({ accused }: Finding): readonly Hotspot[] => accused.flatMap((key) => byKey.get(key) ?? []);
  const reasons = new Map<Hotspot, Set<string>>();
  for (const finding of findings) {
    if (named(finding).some(isHonest)) continue;
    for (const hotspot of named(finding))
      reasons.set(hotspot, (reasons.get(hotspot) ?? new Set()).add(finding.reason));
  }
  const cheaters = KINDS.flatMap((kind) => {
    const labels = new Set(
      fleet.filter((hotspot) => hotspot.kind === kind && !isHonest(hotspot)).map(labelOf),
    );
    return [...labels].sort().map((label): KindRate => {
      const all = fleet.filter((hotspot) => labelOf(hotspot) === label);
      const found = all.flatMap((hotspot) => reasons.get(hotspot) ?? []);
      const why = [...new Set(found.flatMap((each) => [...each]))].sort();
      return { kind: label, count: all.length, found: found.length, reasons: why };
    });
  });
  return {
    ...of,
    receptions: judged.receptions,
    cheaters,
    honest: honestOnes.length,
    honestListed: findings.filter((finding) => named(finding).every(isHonest)),
    mixedPairs: findings.filter((finding) => new Set(named(finding).map(isHonest)).size > 1).length,
  };
}

/** A table of a fleet. */
export function denyLines(figure: DenyFigure): readonly string[] {
  const { size, seed, receptions, cheaters, honest, honestListed, mixedPairs } = figure;
  const each = (receptions / size / DAYS / 4).toFixed(1);
  return [
    `deny: fleet of ${size}, seed ${seed}, ${DAYS} days, ${receptions} receptions (${each} a beacon)`,
    ...cheaters.map(({ kind, count, found, reasons }) => {
      const share = ((100 * found) / count).toFixed(0).padStart(3);
      return `deny:   ${kind.padEnd(24)} ${String(found).padStart(4)} of ${String(count).padStart(3)} found, ${share} %  ${reasons.join(', ')}`;
    }),
    `deny:   honest                   ${honestListed.length} of ${honest} listed; ${mixedPairs} pairs of an honest one with a cheater`,
    ...honestListed.map(({ reason, says }) => `deny:     ${reason}: ${says}`),
  ];
}

/** The fleets of docs/figures.md; each takes minutes. */
export function fleetLines(): readonly string[] {
  return [
    ...Object.entries(CHEATS).map(([kind, cheat]) => `deny: ${kind} ${cheat}`),
    ...SEEDS.flatMap((seed) => denyLines(measureDeny({ size: SIZE, seed }))),
  ];
}

function isHonest({ kind }: Hotspot): boolean {
  return kind === 'honest';
}

/** Its kind, and what makes a difference within it. */
function labelOf({ kind, variant, city }: Hotspot): string {
  if (kind === 'early') return `${kind}, ${city.region}`;
  return variant === null ? kind : `${kind}, ${variant}`;
}
