import type { EpochNumber, HotspotKey } from '../../units.ts';
import type { Position } from '../../verify/poc.ts';
import { MAX_REFERENCES, type EvidenceReference } from '../deny-file.ts';
import type { DenyReason } from '../deny-reasons.ts';
import type { Observed } from './observed.ts';

/** A key, or an undirected pair of keys with the smaller one first. */
export type Accused = readonly [HotspotKey] | readonly [HotspotKey, HotspotKey];

/** What a classifier found, with all that an entry of a list needs. */
export interface Finding {
  readonly reason: Exclude<DenyReason, 'keeper'>;
  readonly accused: Accused;
  /** The first and the last epoch of the evidence. */
  readonly from: EpochNumber;
  readonly epoch: EpochNumber;
  /** Of 64 records at most, the first ones that show it. */
  readonly evidence: readonly EvidenceReference[];
  /** What was counted, integers. */
  readonly numbers: Readonly<Record<string, number>>;
  /** One sentence for people. */
  readonly says: string;
}

/**
 * Finds keys or pairs that no honest radio explains. Only what vouching hotspots sent counts for or against others: those
 * that the policy trusts and that no classifier before found.
 */
export type Classifier = (of: Observed, vouches: (key: HotspotKey) => boolean) => readonly Finding[];

/** A record that shows something. */
export interface Shown {
  readonly epoch: EpochNumber;
  readonly position: Position;
}

/** A finding of what the records show; at least one of them. */
export function findingOf(
  of: Omit<Finding, 'from' | 'epoch' | 'evidence'> & { readonly shown: readonly Shown[] },
): Finding {
  const { shown, ...rest } = of;
  const taken = shown.slice(0, MAX_REFERENCES);
  const epochs = taken.map(({ epoch }) => epoch);
  const [first] = epochs;
  if (first === undefined)
    throw new RangeError(`nothing shows ${rest.reason} of ${rest.accused.join(' and ')}`);
  return {
    ...rest,
    from: epochs.reduce((least, epoch) => (epoch < least ? epoch : least), first),
    epoch: epochs.reduce((most, epoch) => (epoch > most ? epoch : most), first),
    evidence: taken.map(({ position: { origin, index } }) => ({ origin, index })),
  };
}

/** A pair in the order of lists. */
export function pairOf(a: HotspotKey, b: HotspotKey): Accused {
  return a < b ? [a, b] : [b, a];
}
