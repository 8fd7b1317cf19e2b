import type { Tuple } from '#protocol/settle/tuple';

export interface TupleDifference {
  readonly field: keyof Tuple;
  readonly ours: string;
  readonly theirs: string;
}

/** In the order of cause: what goes in before what comes out. */
const FIELDS = [
  'network',
  'epoch',
  'parentTupleHash',
  'policyHash',
  'registryHash',
  'evidenceHash',
  'stateHash',
  'creditsCount',
  'creditsRoot',
  'cumulativeTotal',
  'leafCount',
  'root',
] as const satisfies readonly (keyof Tuple)[];

/** Every field in which two tuples differ; the first one is where to look first. */
export function tupleDifferences(ours: Tuple, theirs: Tuple): readonly TupleDifference[] {
  return FIELDS.filter((field) => ours[field] !== theirs[field]).map((field) => ({
    field,
    ours: String(ours[field]),
    theirs: String(theirs[field]),
  }));
}
