import type { Side } from '../poc.ts';
import type { Reason } from '../reasons.ts';
import type { Unit } from './figures.ts';

/** One number that a verdict carries: how it is shown, and what it is. */
export type NumberEntry = readonly [unit: Unit, means: string];

/** What one check of poc.md 3 and 4 objects, with which numbers, and how a person reads it. */
export interface CheckEntry {
  /** `report`: before anything is judged; the others are poc.md's tables. */
  readonly stage: 'report' | 'beacon' | 'witness';
  /** Its number in the specification's table; null where it stands in the text beside it. */
  readonly number: string | null;
  readonly source: 'poc.md 3' | 'poc.md 4';
  readonly check: string;
  /** Name of the function in verify/rules; null where the check belongs to grouping or to order. */
  readonly rule: string | null;
  readonly reason: Reason;
  readonly sides: readonly Side[];
  /** The comparison that does not hold, in the names of numbers and of policy parameters. */
  readonly asks: string;
  /** By name, exactly those that the verdict has. */
  readonly numbers: Readonly<Record<string, NumberEntry>>;
  /** The verdict as a sentence; `{name}` is a number, `{policy.path}` a parameter. */
  readonly says: string;
  /** What it says instead where this number is null. */
  readonly whenNull?: Readonly<Record<string, string>>;
}
