import type { LogWitnesses } from '../policy.ts';
import type { Millis } from '../units.ts';

/** What a witness says of a log: at `time` (seconds) its tree had this size, and it grew out of the one before. */
export interface CosignedHead {
  readonly time: number;
  readonly size: number;
}

/** Why a witness does not vouch for when a log's entries were received; times and lags in milliseconds. */
export type WitnessObjection =
  /** Its first checkpoint is too late to bound the epoch's beginning. */
  | { readonly kind: 'begins_late'; readonly first: number | null; readonly latest: number }
  /** The log grew while the witness did not look. */
  | { readonly kind: 'gap'; readonly after: number; readonly gap: number; readonly most: number }
  /** An entry's stamp is earlier than a checkpoint allows that did not hold it yet. */
  | { readonly kind: 'stamped_early'; readonly index: number; readonly stamp: number; readonly least: number }
  /** An entry's stamp is later than the checkpoint that held it already. */
  | { readonly kind: 'stamped_late'; readonly index: number; readonly stamp: number; readonly most: number }
  /** No checkpoint reaches the cut: wait. */
  | { readonly kind: 'not_reached'; readonly size: number; readonly cut: number };

/**
 * Holds the stamps of [from, cut) to one witness's checkpoints (evidence.md, "What only the oracles' quorum vouches
 * for"): what a checkpoint holds was received before its time, what it does not hold yet after it less the log's lag,
 * both within max_skew. `heads` ascend by time and are proven prefixes of the log; undefined: the witness vouches.
 */
export function witnessObjection(input: {
  readonly heads: readonly CosignedHead[];
  readonly from: number;
  readonly cut: number;
  /** Of an index in [from, cut); stamps never fall. */
  readonly stampAt: (index: number) => Millis;
  /** Start of the epoch, ms. */
  readonly start: number;
  readonly limits: Pick<LogWitnesses, 'lag_ms' | 'gap_ms'>;
  readonly maxSkewMs: number;
}): WitnessObjection | undefined {
  const { heads, from, cut, stampAt, start, limits, maxSkewMs } = input;
  const before = heads.findLastIndex(({ time }) => time * 1000 <= start);
  let previous = heads[Math.max(0, before)];
  const latest = start + limits.gap_ms;
  if (previous === undefined || previous.time * 1000 > latest)
    return {
      kind: 'begins_late',
      first: previous === undefined ? null : previous.time * 1000,
      latest,
    };
  // A time has whole seconds: the checkpoint may have been seen at the end of its second.
  const laterThan = ({ time, size }: CosignedHead): WitnessObjection | undefined => {
    const index = Math.min(size, cut) - 1;
    if (index < from) return undefined;
    const [stamp, most] = [stampAt(index), time * 1000 + 999 + maxSkewMs];
    return stamp > most ? { kind: 'stamped_late', index, stamp, most } : undefined;
  };
  const earlierThan = ({ time, size }: CosignedHead): WitnessObjection | undefined => {
    if (size >= cut) return undefined;
    const index = Math.max(size, from);
    const [stamp, least] = [stampAt(index), time * 1000 - limits.lag_ms - maxSkewMs];
    return stamp < least ? { kind: 'stamped_early', index, stamp, least } : undefined;
  };
  for (const head of heads.slice(Math.max(0, before) + 1)) {
    if (previous.size >= cut) break;
    const gap = (head.time - previous.time) * 1000;
    if (head.size > previous.size && gap > limits.gap_ms)
      return { kind: 'gap', after: previous.time * 1000, gap, most: limits.gap_ms };
    const objection = laterThan(previous) ?? earlierThan(previous);
    if (objection !== undefined) return objection;
    previous = head;
  }
  return previous.size < cut ? { kind: 'not_reached', size: previous.size, cut } : laterThan(previous);
}
