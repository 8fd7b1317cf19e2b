/**
 * Probability that a sample of `drawn` out of `total` without replacement holds none of the bad ones, which are the given
 * share of all, rounded up: exactly (total - bad choose drawn) / (total choose drawn), hypergeometric.
 */
export function missProbability(of: {
  readonly total: number;
  readonly drawn: number;
  readonly share: number;
}): number {
  const { total, share } = of;
  const drawn = Math.min(of.drawn, total);
  const bad = Math.ceil(total * share);
  let probability = 1;
  for (let at = 0; at < drawn; at += 1) probability *= Math.max(0, total - bad - at) / (total - at);
  return probability;
}

/** Shares of beacons with a forged report for which a sample says how likely it misses all of them. */
export const FRAUD_SHARES = [0.001, 0.01, 0.05] as const;
