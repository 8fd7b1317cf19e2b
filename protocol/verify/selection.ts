import type { CheckedWitness } from './checked-poc.ts';

/** Of the valid witnesses those of trusted pairs with the smallest tickets, `limit` of them (poc.md 4, "Selection"). */
export function select(valid: readonly CheckedWitness[], limit: number): ReadonlySet<CheckedWitness> {
  const trusted = valid.filter(({ trusted }) => trusted);
  if (trusted.length > limit) trusted.sort((a, b) => (a.ticket < b.ticket ? -1 : 1));
  return new Set(trusted.slice(0, limit));
}
