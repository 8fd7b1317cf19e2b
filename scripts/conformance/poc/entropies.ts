import type { Millis } from '#protocol/units';
import type { EntropyFact } from '#protocol/verify/poc';
import { toHex } from '#protocol/wire/hex';
import { object, type Fields } from '../input/fields.ts';
import { bytes, count } from '../input/values.ts';

/**
 * The line's entropy by its data, or none. A line does not say when it was logged: with the beacon, so that its age is
 * judged by its own time alone.
 */
export function entropiesOf(input: Fields, receivedAt: Millis): ReadonlyMap<string, EntropyFact> {
  const fields = input.get('entropy', (value, path) => (value === null ? null : object(value, path)));
  if (fields === null) return new Map();
  const data = toHex(fields.get('data', bytes));
  const [timestamp, version] = [fields.get('timestamp_s', count), fields.get('version', count)];
  return new Map([[data, { data, timestamp, version, receivedAt }]]);
}
