import { BEACON_CHECKS, BEACON_RECIPROCITY } from './beacon-checks.ts';
import type { CheckEntry } from './check-entry.ts';
import { REPORT_CHECKS } from './report-checks.ts';
import { WITNESS_CHECKS } from './witness-checks.ts';

/** Every check in the order of judgement (poc.md 3, "Order of judgement"); the first objection is the verdict. */
export const RULE_TABLE: readonly CheckEntry[] = [
  ...REPORT_CHECKS,
  ...BEACON_CHECKS,
  ...WITNESS_CHECKS,
  BEACON_RECIPROCITY,
];
