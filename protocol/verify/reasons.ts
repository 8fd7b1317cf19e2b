/** Who or what a reason speaks of: `unpaid` is nobody's fault, `misbehaviour` cannot happen to an honest hotspot. */
export type Severity = 'unpaid' | 'misbehaviour';

export interface ReasonEntry {
  /** Number on the wire (invalid_reason); from 100 on they are this network's own. */
  readonly number: number;
  readonly severity: Severity;
  /** The rule that was not met, for the operator. */
  readonly rule: string;
}

/** Names of the reasons, append-only; the first objection to a report is its verdict. */
export type Reason =
  | 'bad_signature'
  | 'not_asserted'
  | 'entropy_expired'
  | 'invalid_capability'
  | 'irregular_interval'
  | 'gateway_not_found'
  | 'denied'
  | 'invalid_packet'
  | 'bad_rssi'
  | 'invalid_region'
  | 'max_distance_exceeded'
  | 'invalid_frequency'
  | 'self_witness'
  | 'stale'
  | 'below_min_distance'
  | 'duplicate'
  | 'denied_edge'
  | 'too_late'
  | 'gateway_no_valid_beacons'
  | 'gateway_no_valid_witnesses'
  | 'quarantined'
  | 'over_limit';

/** Every reason why a report is not paid, append-only (poc.md 3, 4 and 7). */
export const REASONS: Readonly<Record<Reason, ReasonEntry>> = {
  bad_signature: {
    number: 1,
    severity: 'misbehaviour',
    rule: 'A report carries a valid signature of the key it names, or of a session key that this key vouched for.',
  },
  not_asserted: {
    number: 2,
    severity: 'unpaid',
    rule: 'The hotspot has an asserted location, and it lies in a region of the network.',
  },
  entropy_expired: {
    number: 3,
    severity: 'unpaid',
    rule: 'A report arrives within 180 seconds of the start of the remote entropy that its beacon used.',
  },
  invalid_capability: {
    number: 5,
    severity: 'unpaid',
    rule: 'Only full hotspots take part in proof of coverage; data-only ones carry packets.',
  },
  irregular_interval: {
    number: 7,
    severity: 'unpaid',
    rule: 'A hotspot beacons once per interval bucket, counted from the Unix epoch.',
  },
  gateway_not_found: {
    number: 8,
    severity: 'unpaid',
    rule: 'The key is registered on chain before its report arrives.',
  },
  denied: {
    number: 9,
    severity: 'misbehaviour',
    rule: 'The key is not on the public deny list.',
  },
  invalid_packet: {
    number: 10,
    severity: 'misbehaviour',
    rule: 'Payload, frequency and data rate of a beacon follow from its entropies, region and gain.',
  },
  bad_rssi: {
    number: 11,
    severity: 'misbehaviour',
    rule: 'A witness hears no more than free space lets through over the asserted distance.',
  },
  invalid_region: {
    number: 12,
    severity: 'misbehaviour',
    rule: 'Beaconer and witness are in the same region.',
  },
  max_distance_exceeded: {
    number: 13,
    severity: 'misbehaviour',
    rule: 'Beaconer and witness are at most 100 km apart.',
  },
  invalid_frequency: {
    number: 14,
    severity: 'misbehaviour',
    rule: 'A witness hears the beacon within 100 kHz of the frequency it was sent on.',
  },
  self_witness: {
    number: 15,
    severity: 'misbehaviour',
    rule: 'A hotspot does not witness its own beacon.',
  },
  stale: {
    number: 16,
    severity: 'unpaid',
    rule: 'A beacon uses an entropy of the evidence, and a witness report meets a beacon within 180 seconds.',
  },
  below_min_distance: {
    number: 19,
    severity: 'unpaid',
    rule: 'Beaconer and witness are at least 8 cells of resolution 11 apart.',
  },
  duplicate: {
    number: 20,
    severity: 'misbehaviour',
    rule: 'A payload has one beacon, the first well-signed one, and one report per witness.',
  },
  denied_edge: {
    number: 21,
    severity: 'misbehaviour',
    rule: 'The pair of beaconer and witness is not on the public deny list.',
  },
  too_late: {
    number: 22,
    severity: 'unpaid',
    rule: 'A witness report arrives within 4 s of its beacon, or within 1.5 s of the first witness if that came first.',
  },
  gateway_no_valid_beacons: {
    number: 23,
    severity: 'unpaid',
    rule: 'A witness sent a valid beacon that was heard in the last 48 hours.',
  },
  gateway_no_valid_witnesses: {
    number: 24,
    severity: 'unpaid',
    rule: 'A beaconer was a valid witness in the last 48 hours.',
  },
  quarantined: {
    number: 100,
    severity: 'unpaid',
    rule: 'The hotspot is not quarantined.',
  },
  over_limit: {
    number: 101,
    severity: 'unpaid',
    rule: 'Only the first reports of a beacon, up to the limit of the policy, are judged.',
  },
};
