import { REGION_TABLE_HASH } from '#protocol/geo/regions';
import type { Policy } from '#protocol/policy';

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

export function demoPolicy(settings: DemoSettings, log: Policy['logs'][number]): Policy {
  return {
    version: 1,
    beacon_interval_s: settings.beaconIntervalS,
    grace_ms: 10_500,
    max_skew_ms: 500,
    max_witnesses: 256,
    selected_witnesses: 14,
    reciprocity_from: 2,
    trust: { pairs: 'one_trusted', open_cap_bp: 1000 },
    holdback: 0,
    pools_bp: {
      beacons: 600,
      witnesses: 2400,
      data: 5000,
      operations: 700,
      oracles: 700,
      delegators: 600,
    },
    credit_price: '3590000',
    deny: { keys: [], edges: [] },
    regions: REGION_TABLE_HASH,
    logs: [log],
  };
}
