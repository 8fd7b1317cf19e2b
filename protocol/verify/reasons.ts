import type { Policy } from '../policy.ts';
import { fillSentence, policyFigure } from './explain/figures.ts';

/**
 * What a reason says of the hotspot that it names: `misbehaviour` cannot happen to one that runs unmodified firmware and
 * whose owner asserts what is true; `unpaid` can, by no fault, by a mistake or by somebody else's doing.
 */
export type Severity = 'unpaid' | 'misbehaviour';

export interface ReasonEntry {
  /** Number on the wire (invalid_reason); from 100 on they are this network's own. */
  readonly number: number;
  readonly severity: Severity;
  /** Why the severity is this one. */
  readonly because: string;
  /** The rule that was not met, for the operator; `ruleText` puts the policy's limits in. */
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
    severity: 'unpaid',
    because: 'Anybody can write a key into a report that they cannot sign: it says nothing about that key.',
    rule: 'A report carries a valid signature of the key it names, or of a session key that this key vouched for.',
  },
  not_asserted: {
    number: 2,
    severity: 'unpaid',
    because: 'A hotspot reports before its owner asserts a place, or stands where no region is known.',
    rule: 'The hotspot has an asserted location, and it lies in a region of the network.',
  },
  entropy_expired: {
    number: 3,
    severity: 'unpaid',
    because: 'A slow uplink is enough.',
    rule: 'A report arrives within {policy.windows.entropy_s} of the start of the remote entropy that its beacon used.',
  },
  invalid_capability: {
    number: 5,
    severity: 'unpaid',
    because: 'The firmware of a data-only hotspot beacons and witnesses like any other.',
    rule: 'Only full hotspots take part in proof of coverage; data-only ones carry packets.',
  },
  irregular_interval: {
    number: 7,
    severity: 'unpaid',
    because: 'A hotspot that was restarted, or set to a shorter interval, beacons again too early.',
    rule: 'A hotspot beacons once per interval of {policy.beacon_interval_s}, counted from the Unix epoch.',
  },
  gateway_not_found: {
    number: 8,
    severity: 'unpaid',
    because: 'A hotspot reports before its owner registers it.',
    rule: 'The key is registered on chain before its report arrives.',
  },
  denied: {
    number: 9,
    severity: 'unpaid',
    because:
      'The entry says what its keeper holds against the key; that a report came in spite of it adds nothing.',
    rule: 'The key is not on the public deny list.',
  },
  invalid_packet: {
    number: 10,
    severity: 'unpaid',
    because:
      'Firmware that still has the channel plan of its last place sends on another frequency, and a gain asserted too high leaves no power to send with.',
    rule: 'Payload, frequency and data rate of a beacon follow from its entropies, region and gain.',
  },
  bad_rssi: {
    number: 11,
    severity: 'unpaid',
    because:
      'A place or a gain that is asserted wrongly on either side is enough, and the verdict names only the witness.',
    rule: 'A witness hears no more than free space lets through over the asserted distance.',
  },
  invalid_region: {
    number: 12,
    severity: 'unpaid',
    because: 'Radio crosses the borders between channel plans that share frequencies.',
    rule: 'Beaconer and witness are in the same region.',
  },
  max_distance_exceeded: {
    number: 13,
    severity: 'unpaid',
    because:
      'Heights and weather carry signals farther, and if a place is wrong, it may be either of the two.',
    rule: 'Beaconer and witness are at most {policy.pair.max_distance_km} apart, in whole kilometres.',
  },
  invalid_frequency: {
    number: 14,
    severity: 'unpaid',
    because:
      'Receivers report strong signals on neighbouring channels too, and a beaconer may send elsewhere than it signs.',
    rule: 'A witness hears the beacon within {policy.pair.max_frequency_offset_hz} of the frequency it was sent on.',
  },
  self_witness: {
    number: 15,
    severity: 'misbehaviour',
    because:
      'A radio does not receive what it sends, and firmware drops its own last payload: here the key itself signed both.',
    rule: 'A hotspot does not witness its own beacon.',
  },
  stale: {
    number: 16,
    severity: 'unpaid',
    because: 'The beacon that was heard, or the entropy that it names, did not reach the evidence.',
    rule: 'A beacon names an entropy that stands in the evidence, and a witness report meets a beacon at most {policy.windows.attach_before_ms} later.',
  },
  below_min_distance: {
    number: 19,
    severity: 'unpaid',
    because: 'Neighbours hear each other.',
    rule: 'Beaconer and witness are at least {policy.pair.min_cells_apart} cells of resolution 11 apart.',
  },
  duplicate: {
    number: 20,
    severity: 'unpaid',
    because:
      'Somebody else may sign and send a payload first, and a receiver may report one transmission on two channels.',
    rule: 'A payload has one beacon, the first well-signed one, and one report per witness.',
  },
  denied_edge: {
    number: 21,
    severity: 'unpaid',
    because: 'The entry says what its keeper holds against the pair, not which of the two it is about.',
    rule: 'The pair of beaconer and witness is not on the public deny list.',
  },
  too_late: {
    number: 22,
    severity: 'unpaid',
    because: 'A slow uplink is enough.',
    rule: 'A witness report arrives within {policy.windows.lag_after_beacon_ms} of its beacon, or within {policy.windows.lag_after_witness_ms} of the first witness report if one came before the beacon; {policy.max_skew_ms} more where the two stand in different logs.',
  },
  gateway_no_valid_beacons: {
    number: 23,
    severity: 'unpaid',
    because: 'A hotspot that is new, was off or is out of reach of others has none.',
    rule: 'From epoch {policy.reciprocity_from} on, a witness sent a beacon that met the rules and was heard, less than {policy.windows.reciprocity_ms} before.',
  },
  gateway_no_valid_witnesses: {
    number: 24,
    severity: 'unpaid',
    because: 'A hotspot that is new, was off or is out of reach of others has none.',
    rule: 'From epoch {policy.reciprocity_from} on, a beaconer was a valid witness less than {policy.windows.reciprocity_ms} before.',
  },
  quarantined: {
    number: 100,
    severity: 'unpaid',
    because: 'The chain says so; the motion that set it says why.',
    rule: 'The hotspot is not quarantined.',
  },
  over_limit: {
    number: 101,
    severity: 'unpaid',
    because: 'More hotspots heard the beacon than are judged.',
    rule: 'Only the first {policy.max_witnesses} reports of a beacon are judged.',
  },
};

/** Whether the text names a reason. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}

/** The rule that a reason stands for, with the limits of a policy. */
export function ruleText(reason: Reason, policy: Policy): string {
  return fillSentence(REASONS[reason].rule, (name) => policyFigure(policy, name.replace(/^policy\./, '')));
}
