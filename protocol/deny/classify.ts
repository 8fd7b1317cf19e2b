import type { HotspotKey } from '../units.ts';
import { farNotNear } from './classifiers/far-not-near.ts';
import type { Classifier, Finding } from './classifiers/finding.ts';
import { heardAlike } from './classifiers/heard-alike.ts';
import { impossibleLag } from './classifiers/impossible-lag.ts';
import { neverReciprocates } from './classifiers/never-reciprocates.ts';
import type { Observed } from './classifiers/observed.ts';
import { payloadFarApart } from './classifiers/payload-far-apart.ts';
import { rssiNotMutual } from './classifiers/rssi-not-mutual.ts';

/** In this order: whom one finds does not vouch for the next ones. */
export const CLASSIFIERS: readonly Classifier[] = [
  payloadFarApart,
  impossibleLag,
  heardAlike,
  farNotNear,
  rssiNotMutual,
  neverReciprocates,
];

/**
 * What the published classifiers find, in order of classifier, then of accused: a function of evidence, registry and policy
 * alone, in integers and the exact distances of the rules. A key that is found is not found again.
 */
export function classify(of: Observed): readonly Finding[] {
  const found = new Set<HotspotKey>();
  const isTrusted = (key: HotspotKey): boolean => {
    const facts = of.hotspots.get(key);
    return facts !== undefined && (of.policy.trust.pairs === 'any' || facts.tier !== 'open');
  };
  const findings: Finding[] = [];
  const listed = new Set<HotspotKey>();
  for (const classifier of CLASSIFIERS) {
    const fresh = classifier(of, (key) => isTrusted(key) && !found.has(key))
      .filter(({ accused }) => !accused.some((key) => listed.has(key)))
      .sort((a, b) => (a.accused.join() < b.accused.join() ? -1 : 1));
    findings.push(...fresh);
    for (const { accused } of fresh) {
      for (const key of accused) found.add(key);
      if (accused.length === 1) listed.add(accused[0]);
    }
  }
  return findings;
}
