import { describe, expect, test } from 'vitest';
import { REASONS } from '#protocol/verify/reasons';
import { BEACON_CONTENT_RULES, BEACON_STANDING_RULES } from '#protocol/verify/rules/beacon';
import { WITNESS_RULES } from '#protocol/verify/rules/witness';

/** Names and numbers of invalid_reason as fielded hotspots' network had them, and this network's own. */
const WIRE = {
  bad_signature: 1,
  not_asserted: 2,
  entropy_expired: 3,
  invalid_capability: 5,
  irregular_interval: 7,
  gateway_not_found: 8,
  denied: 9,
  invalid_packet: 10,
  bad_rssi: 11,
  invalid_region: 12,
  max_distance_exceeded: 13,
  invalid_frequency: 14,
  self_witness: 15,
  stale: 16,
  below_min_distance: 19,
  duplicate: 20,
  denied_edge: 21,
  too_late: 22,
  gateway_no_valid_beacons: 23,
  gateway_no_valid_witnesses: 24,
  quarantined: 100,
  over_limit: 101,
};

describe('the reasons', () => {
  test('have the numbers of the wire', () => {
    const numbers = Object.entries(REASONS).map(([name, { number }]) => [name, number]);
    expect(Object.fromEntries(numbers)).toEqual(WIRE);
  });

  test('say each its rule in a sentence', () => {
    const rules = Object.values(REASONS).map(({ rule }) => rule);
    for (const rule of rules) expect(rule).toMatch(/^[A-Z].*\.$/);
    expect(new Set(rules).size).toBe(rules.length);
  });
});

test('the rules stand in the order of their numbers in the specification', () => {
  expect(BEACON_STANDING_RULES.map(({ name }) => name)).toEqual([
    'known',
    'asserted',
    'notDenied',
    'notQuarantined',
    'entropyLogged',
    'withinEntropy',
    'capable',
  ]);
  expect(BEACON_CONTENT_RULES.map(({ name }) => name)).toEqual(['rebuilt']);
  expect(WITNESS_RULES.map(({ name }) => name)).toEqual([
    'duplicate',
    'known',
    'asserted',
    'notDenied',
    'notQuarantined',
    'edgeNotDenied',
    'notSelf',
    'withinEntropy',
    'inTime',
    'capable',
    'onFrequency',
    'inRegion',
    'nearEnough',
    'farEnough',
    'withinFreeSpace',
  ]);
});
