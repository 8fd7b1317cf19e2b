import type { SealedEvidence } from '#protocol/evidence/cut';
import { cutOf, evidenceHash } from '#protocol/settle/bytes/hashes';
import { withoutEvidence } from '#protocol/settle/epoch/open-evidence';
import type { Hash } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import type { LogCut } from './evidence-source.ts';

/** The evidence that an epoch is computed on, one for every log of the policy. */
export interface ChosenCuts {
  readonly evidence: readonly SealedEvidence[];
  /** Origins that enter with size 0. */
  readonly leftOut: readonly string[];
}

/**
 * Every cut at hand. A log without one enters with size 0 where it may be left out (evidence.md, "The cut"); otherwise it is
 * waited for: throws evidence_late, or what its evidence is refused for.
 */
export function mostCuts(cuts: readonly LogCut[], may: { readonly leaveOut: boolean }): ChosenCuts {
  const missing = cuts.find(({ sealed }) => sealed === null);
  if (missing !== undefined && !may.leaveOut)
    throw missing.refusal ?? new Outage('evidence_late', { origin: missing.origin, lacks: missing.lacks });
  return {
    evidence: cuts.map(({ origin, sealed }) => sealed ?? withoutEvidence(origin)),
    leftOut: cuts.filter(({ sealed }) => sealed === null).map(({ origin }) => origin),
  };
}

/** More logs than any policy that names several: of each that is at hand the choice is with it or without it. */
const MOST_CHOICES = 12;

/** Those of the cuts at hand that have a proposed evidence hash, the others with size 0; null where none do. */
export function cutsOf(cuts: readonly LogCut[], wanted: Hash): ChosenCuts | null {
  const atHand = cuts.filter(({ sealed }) => sealed !== null).slice(0, MOST_CHOICES);
  for (let choice = 0; choice < 2 ** atHand.length; choice += 1) {
    const left = new Set(atHand.filter((_, at) => (choice >> at) & 1).map(({ origin }) => origin));
    const chosen = mostCuts(
      cuts.map((cut) => (left.has(cut.origin) ? { ...cut, sealed: null } : cut)),
      { leaveOut: true },
    );
    if (evidenceHash(chosen.evidence.map(cutOf)) === wanted) return chosen;
  }
  return null;
}
