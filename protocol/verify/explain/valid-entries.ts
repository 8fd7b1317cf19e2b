import type { CheckEntry } from './check-entry.ts';

/** What is said of a report that meets every rule, and the numbers that it carries. */
export type ValidEntry = Pick<CheckEntry, 'numbers' | 'says' | 'whenNull'>;

const beaconNumbers: CheckEntry['numbers'] = {
  bucket: ['count', 'interval of the reception, counted from the Unix epoch'],
  entropy_age_s: ['s', "age of the beacon's entropy"],
  frequency_hz: ['hz', 'as sent'],
  tx_power_dbm: ['dbm', 'as reported'],
  attached: ['count', 'reports of registered hotspots that are attached to it'],
};

const witnessNumbers: CheckEntry['numbers'] = {
  lag_ms: ['ms', 'reception behind the beacon, or behind the first witness report'],
  lag_limit_ms: ['ms', 'what it was compared with'],
  lag_behind: ['text', 'beacon or first_witness'],
  frequency_offset_hz: ['hz', 'heard less sent'],
  distance_m: ['m', 'between the centres of the two cells'],
  cells_apart: ['count', 'H3 grid distance of the parents of resolution 11'],
  signal_ddbm: ['ddbm', 'as heard'],
  power_dbm: ['dbm', "the beacon's power"],
  fspl_ddb: ['ddb', 'free-space loss over the distance, rounded up'],
  bound_ddbm: ['ddbm', 'the most that free space allows'],
};

const measured =
  'heard at {signal_ddbm} (free space allows {bound_ddbm}) over {distance_m}, {lag_ms} behind the {lag_behind}';

/** A valid beacon is paid by its selected witnesses. */
export const VALID_BEACON: Readonly<Record<'heard' | 'unheard', ValidEntry>> = {
  heard: {
    numbers: beaconNumbers,
    says: 'valid: the first beacon in interval {bucket}, sent on {frequency_hz} with {tx_power_dbm}; reports attached: {attached}, of which the selected ones decide what it earns',
  },
  unheard: {
    numbers: beaconNumbers,
    says: 'valid, but nobody reported it, so it earns nothing: sent on {frequency_hz} with {tx_power_dbm} in interval {bucket}',
  },
};

/** A valid witness report is paid if it is selected. */
export const VALID_WITNESS: Readonly<Record<'selected' | 'not_selected' | 'untrusted_pair', ValidEntry>> = {
  selected: { numbers: witnessNumbers, says: `paid: ${measured}` },
  not_selected: {
    numbers: witnessNumbers,
    says: `valid, but not paid: of all valid ones the {policy.selected_witnesses} with the smallest hashes of payload and key are paid; ${measured}`,
  },
  untrusted_pair: {
    numbers: witnessNumbers,
    says: `valid, but not paid: both hotspots are of tier open, and nobody vouches for either; ${measured}`,
  },
};
