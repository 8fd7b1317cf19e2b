import type { CheckEntry } from './check-entry.ts';
import { participantChecks } from './participant-checks.ts';

const of = { stage: 'beacon', source: 'poc.md 3', sides: ['beaconer'] } as const;
const { known, asserted, notDenied, notQuarantined, withinEntropy, capable } = participantChecks(of);

/** Checks 1 to 7 of a beacon in their order. */
export const BEACON_CHECKS: readonly CheckEntry[] = [
  { ...known, number: '1' },
  { ...asserted, number: '2' },
  { ...notDenied, number: '3' },
  { ...notQuarantined, number: '3b' },
  {
    ...of,
    number: '4',
    check: 'entropy in the evidence',
    rule: 'entropyLogged',
    reason: 'stale',
    asks: 'entropy_received_ms <= received_ms, and at most `windows.entropy_memory_ms` before it',
    numbers: {
      remote_entropy: ['hex', 'the entropy that the beacon names'],
      entropy_received_ms: ['time_ms', 'when a log received it'],
      received_ms: ['time_ms', 'reception of the beacon'],
    },
    says: 'its entropy was logged at {entropy_received_ms}, after the beacon at {received_ms}',
    whenNull: {
      entropy_received_ms:
        'the entropy that it names stands in no log, or was logged more than {policy.windows.entropy_memory_ms} before',
    },
  },
  { ...withinEntropy, number: '4' },
  { ...capable, number: '5' },
  {
    ...of,
    number: '6',
    check: 'interval',
    rule: 'regularInterval',
    reason: 'irregular_interval',
    asks: 'bucket > last_bucket',
    numbers: {
      bucket: ['count', 'interval of the reception, counted from the Unix epoch'],
      last_bucket: ['count', "interval of the hotspot's last beacon"],
      last_beacon_ms: ['time_ms', 'its last beacon'],
      interval_s: ['s', '`beacon_interval_s`'],
    },
    says: 'it came in interval {bucket} of {interval_s}, which is not after interval {last_bucket} of the last beacon, of {last_beacon_ms}',
  },
  {
    ...of,
    number: '7',
    check: 'payload can be rebuilt',
    rule: 'rebuilt',
    reason: 'invalid_packet',
    asks: 'entropies, region and gain give a beacon',
    numbers: { error: ['text', 'why they give none: a code of protocol/errors.ts'] },
    says: 'entropies, region and gain of the hotspot give no beacon at all ({error})',
    whenNull: { error: 'entropies, region and gain of the hotspot give no beacon at all' },
  },
  {
    ...of,
    number: '7',
    check: 'payload, frequency, data rate',
    rule: 'rebuilt',
    reason: 'invalid_packet',
    asks: 'each equals its expected one',
    numbers: {
      payload: ['hex', 'as reported'],
      expected_payload: ['hex', 'as rebuilt'],
      frequency_hz: ['hz', 'as reported'],
      expected_frequency_hz: ['hz', 'as rebuilt'],
      datarate: ['text', 'as reported'],
      expected_datarate: ['text', 'as rebuilt'],
    },
    says: 'it reports {frequency_hz} {datarate} and payload {payload}, but its entropies, region and gain give {expected_frequency_hz} {expected_datarate} and payload {expected_payload}',
  },
];

/** Check 8, which comes last of all: it needs the witnesses. */
export const BEACON_RECIPROCITY: CheckEntry = {
  ...of,
  number: '8',
  check: 'reciprocity, after the witnesses',
  rule: 'wasWitness',
  reason: 'gateway_no_valid_witnesses',
  asks: 'age_ms < limit_ms',
  numbers: {
    last_ms: ['time_ms', "the hotspot's last valid witness report"],
    age_ms: ['ms', 'its age'],
    limit_ms: ['ms', '`windows.reciprocity_ms`'],
  },
  says: 'its hotspot was a valid witness {age_ms} before, and that must be less than {limit_ms}',
  whenNull: {
    last_ms: 'its hotspot never was a valid witness, and must have been one in the {limit_ms} before',
  },
};
