import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { isReason, REASONS, ruleText } from '#protocol/verify/reasons';
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

  test('say each its rule and the grounds of its severity in a sentence', () => {
    const reasons = Object.keys(REASONS).filter(isReason);
    const rules = reasons.map((reason) => ruleText(reason, DEFAULT_POLICY));
    for (const text of [...rules, ...reasons.map((reason) => REASONS[reason].because)])
      expect(text).toMatch(/^[A-Z][^{}]*\.$/);
    expect(new Set(rules).size).toBe(rules.length);
  });

  test('blame nobody for what a report of an honest hotspot can get', () => {
    const blamed = Object.entries(REASONS).flatMap(([name, { severity }]) =>
      severity === 'misbehaviour' ? [name] : [],
    );
    expect(blamed).toEqual(['self_witness']);
  });

  test('name the limits of the policy at hand', () => {
    const policy: Policy = {
      ...DEFAULT_POLICY,
      beacon_interval_s: 10,
      max_witnesses: 1500,
      max_skew_ms: 0,
      windows: { ...DEFAULT_POLICY.windows, lag_after_beacon_ms: 2500, lag_after_witness_ms: 900 },
      pair: { max_frequency_offset_hz: 1_250_000, max_distance_km: 1000, min_cells_apart: 9 },
    };
    expect(ruleText('irregular_interval', policy)).toContain('interval of 10 s,');
    expect(ruleText('too_late', policy)).toContain(
      'within 2.5 s of its beacon, or within 900 ms of the first',
    );
    expect(ruleText('invalid_frequency', policy)).toContain('within 1.25 MHz of');
    expect(ruleText('max_distance_exceeded', policy)).toContain('at most 1,000 km apart');
    expect(ruleText('over_limit', policy)).toContain('first 1,500 reports');
    expect(ruleText('gateway_no_valid_beacons', DEFAULT_POLICY)).toContain('From epoch 2 on, ');
    expect(ruleText('gateway_no_valid_beacons', DEFAULT_POLICY)).toContain('less than 48 h before');
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
