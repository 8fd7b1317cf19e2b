import { DEFAULT_POLICY, type Policy } from '#protocol/policy';

/** What a network of minutes needs instead of days; all else is the rules' default. */
export interface DemoSettings {
  readonly epochLengthS: number;
  readonly challengeDelayS: number;
  readonly beaconIntervalS: number;
  /** From the network's creation to its first epoch, besides what the deployment took: all hotspots must register within. */
  readonly leadS: number;
}

export const DEMO_SETTINGS: DemoSettings = {
  epochLengthS: 60,
  challengeDelayS: 5,
  beaconIntervalS: 10,
  leadS: 16,
};

export function demoPolicy(
  settings: DemoSettings,
  logs: Policy['logs'],
  witnesses: Policy['log_witnesses']['keys'],
): Policy {
  return {
    ...DEFAULT_POLICY,
    beacon_interval_s: settings.beaconIntervalS,
    grace_ms: 10_500,
    holdback: 0,
    logs: [...logs].sort((a, b) => (a.origin < b.origin ? -1 : 1)),
    // All on one machine that may be busy: wide bounds, which a network of days makes narrower.
    log_witnesses: {
      quorum: Math.floor(witnesses.length / 2) + 1,
      lag_ms: 45_000,
      gap_ms: 45_000,
      keys: [...witnesses].sort((a, b) => (a.vkey < b.vkey ? -1 : 1)),
    },
    late_log_ms: 120_000,
  };
}
