import type { ComputedEpoch, EpochFacts } from '../../epoch.ts';
import type { ReportVerdict } from '../../verify/poc.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';

const VERSION = 1;

/** Figures of an epoch for people, in canonical JSON; nothing is computed from them. */
export function summaryBytes(input: {
  readonly facts: EpochFacts;
  readonly result: ComputedEpoch;
}): Uint8Array {
  const { facts, result } = input;
  const { rewards, tuple } = result;
  const beacons = result.verdicts.flatMap((verdict) => (verdict.beacon === null ? [] : [verdict.beacon]));
  const witnesses = result.verdicts.flatMap((verdict) => verdict.witnesses);
  const others = [...result.verdicts.flatMap((verdict) => verdict.others), ...result.badlySigned];
  return canonicalJson({
    version: VERSION,
    network: facts.network,
    epoch: facts.epoch.toString(),
    start: facts.start,
    end: facts.end,
    beacons: beacons.length,
    valid_beacons: beacons.filter((beacon) => beacon.reason === null).length,
    witnesses: witnesses.length,
    valid_witnesses: witnesses.filter((witness) => witness.reason === null).length,
    selected_witnesses: witnesses.filter((witness) => witness.selected).length,
    reasons: countReasons([...beacons, ...witnesses, ...others]),
    emission: facts.emission.toString(),
    minted: rewards.minted.toString(),
    operations: rewards.operations.toString(),
    oracles: rewards.oracles.toString(),
    oracle: rewards.oracle.toString(),
    delegators: rewards.delegators.toString(),
    unallocated: rewards.unallocated.toString(),
    capped: rewards.capped.toString(),
    root: tuple.root,
    leaf_count: tuple.leafCount,
    cumulative_total: tuple.cumulativeTotal.toString(),
    tuple_hash: result.tupleHash,
  });
}

function countReasons(verdicts: readonly ReportVerdict[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { reason } of verdicts) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries(counts);
}
