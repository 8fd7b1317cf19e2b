import type { Policy } from '../../policy.ts';
import type { Millis } from '../../units.ts';
import type { Clocks, Numbers, Objection } from '../poc.ts';

/** A report whose stateless checks passed, at its reception, with its hotspot's clocks. */
export interface StatefulCase {
  readonly clocks: Clocks;
  readonly policy: Policy;
  readonly receivedAt: Millis;
}

/** Beacon check 6: one beacon per bucket of the interval, counted from the Unix epoch. */
export function regularInterval({ clocks, policy, receivedAt }: StatefulCase): Objection | undefined {
  const { lastBeacon } = clocks;
  const bucket = bucketOf(receivedAt, policy);
  if (lastBeacon === null || bucket > bucketOf(lastBeacon, policy)) return undefined;
  const numbers = {
    bucket,
    last_bucket: bucketOf(lastBeacon, policy),
    last_beacon_ms: lastBeacon,
    interval_s: policy.beacon_interval_s,
  };
  return { reason: 'irregular_interval', side: 'beaconer', numbers };
}

/** Beacon check 8: the hotspot was a valid witness less than 48 h ago. */
export function wasWitness(of: StatefulCase): Objection | undefined {
  const numbers = tooOld(of, 'lastWitness');
  return numbers && { reason: 'gateway_no_valid_witnesses', side: 'beaconer', numbers };
}

/** Witness check 15: the witness's own beacon was heard less than 48 h ago. */
export function wasBeaconer(of: StatefulCase): Objection | undefined {
  const numbers = tooOld(of, 'lastBeaconRecip');
  return numbers && { reason: 'gateway_no_valid_beacons', side: 'witness', numbers };
}

/** Number of the interval that a time lies in. */
export function bucketOf(time: Millis, policy: Policy): number {
  return Math.floor(time / (policy.beacon_interval_s * 1000));
}

/** A clock that never moved is too old; one that is ahead is not. */
function tooOld({ clocks, policy, receivedAt }: StatefulCase, clock: keyof Clocks): Numbers | undefined {
  const last = clocks[clock];
  const age = last === null ? null : receivedAt - last;
  const limit = policy.windows.reciprocity_ms;
  if (age !== null && age < limit) return undefined;
  return { last_ms: last, age_ms: age, limit_ms: limit };
}
