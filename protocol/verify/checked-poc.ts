import type { Hash, HotspotKey } from '../units.ts';
import type { Numbers, Objection, PocGroup, Position } from './poc.ts';

/** What is known of every report without any state; JSON-safe like all of these types. */
export interface CheckedReport {
  readonly kind: 'beacon' | 'witness';
  readonly position: Position;
  readonly reportId: Hash;
  readonly key: HotspotKey;
}

/** A PoC's beacon. */
export interface CheckedBeacon extends CheckedReport {
  /** First objection of checks 1 to 5. */
  readonly standing: Objection | null;
  /** First objection of check 7, where 1 to 5 passed. */
  readonly content: Objection | null;
  readonly numbers: Numbers;
}

/** A witness report that is attached to the beacon. */
export interface CheckedWitness extends CheckedReport {
  /** First objection of checks 0 to 14, or over_limit; null also where the beacon's own objection settles it. */
  readonly objection: Objection | null;
  /** Whether trust lets the pair count for selection. */
  readonly trusted: boolean;
  /** SHA-256( data || key ): the smallest are selected. Empty where there is nothing to select. */
  readonly ticket: string;
  readonly numbers: Numbers;
}

/** A report that is attached to nothing. */
export interface CheckedOther extends CheckedReport {
  readonly signed: boolean;
  readonly objection: Objection;
}

/** A group after every check that needs no state, to be judged in order by `advance`. */
export interface CheckedPoc {
  readonly kind: PocGroup['kind'];
  readonly payload: string;
  /** Place in the order of judgement. */
  readonly at: Position;
  /** null in groups that are no PoC. */
  readonly beacon: CheckedBeacon | null;
  /** Attached reports in order. */
  readonly witnesses: readonly CheckedWitness[];
  readonly others: readonly CheckedOther[];
}
