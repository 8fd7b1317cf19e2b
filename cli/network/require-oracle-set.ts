import type { Address } from '#protocol/units';
import { CliError } from '../cli-error.ts';

const MOST = 16;
/** Of no key: the system program. */
const ZERO = '1'.repeat(32);

/** What the program would refuse, before anything is sent. */
export function requireOracleSet(oracles: readonly Address[], threshold: number): void {
  const known = new Set<Address>();
  for (const oracle of oracles) {
    if (known.has(oracle) || oracle === ZERO) throw new CliError('invalid_oracle_set', { key: oracle });
    known.add(oracle);
  }
  const keys = oracles.length;
  if (keys > MOST || threshold > keys || 2 * threshold <= keys)
    throw new CliError('invalid_oracle_set', { keys, threshold });
}
