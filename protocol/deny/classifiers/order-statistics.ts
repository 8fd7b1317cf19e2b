/** The value at a rank of `of` parts of the sorted values, rounded down: rank 1 of 2 is the lower median. NaN of none. */
export function quantile(values: readonly number[], rank: number, of: number): number {
  const sorted = new Float64Array(values).sort();
  return sorted[Math.floor(((sorted.length - 1) * rank) / of)] ?? Number.NaN;
}

/** The lower median: one of the values, so that integers stay integers. NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 1, 2);
}
