/** Spans of poc.md 2 to 4 in milliseconds unless named otherwise; both ends are included. */
export const ENTROPY_LIFE_S = 180;
/** Witnesses attach from this long before their beacon. */
export const ATTACH_BEFORE_MS = 180_000;
/** Witnesses attach until this long after their beacon; then its group is closed. */
export const ATTACH_AFTER_MS = 10_000;
/** A payload keeps its beacon, and an orphan waits for one, for this long. */
export const IDENTITY_MS = 181_000;
/** Largest lag of a witness behind its beacon, where the beacon was logged first. */
export const LAG_AFTER_BEACON_MS = 4000;
/** Largest lag behind the first attached witness, where a witness was logged before the beacon. */
export const LAG_AFTER_WITNESS_MS = 1500;
/** Age below which a beacon that was heard, or a valid witness, counts for reciprocity. */
export const RECIPROCITY_MS: number = 48 * 3_600_000;
/** An entropy that was received longer ago than this counts as not in the evidence: state stays small. */
export const ENTROPY_MEMORY_MS = 3_600_000;
