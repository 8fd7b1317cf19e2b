import { REGION_TABLE_HASH } from './geo/regions.ts';

/** The rules' parameters, pinned on chain by the hash of their canonical JSON (RFC 8785); all numbers are integers. */
export interface Policy {
  readonly version: 1;
  /** Seconds; must divide a day (poc.md 3, check 6). */
  readonly beacon_interval_s: number;
  /** Milliseconds after an epoch's end at which logs append its epoch_close; at least 10 s + max_skew_ms. */
  readonly grace_ms: number;
  readonly max_skew_ms: number;
  /** Attached witnesses judged per beacon; later ones are over_limit. */
  readonly max_witnesses: number;
  readonly selected_witnesses: number;
  /** First epoch in which reciprocity is asked for. */
  readonly reciprocity_from: number;
  readonly trust: {
    readonly pairs: 'one_trusted' | 'any';
    /** Basis points of each pool that all open hotspots together may get. */
    readonly open_cap_bp: number;
  };
  /** Epochs until an amount enters the cumulative totals; equal to the chain's. */
  readonly holdback: number;
  /** Basis points of the emission. */
  readonly pools_bp: {
    readonly beacons: number;
    readonly witnesses: number;
    readonly data: number;
    readonly operations: number;
    readonly oracles: number;
    readonly delegators: number;
  };
  /** USD per token, 8 decimals; equal to the chain's. */
  readonly credit_price: string;
  readonly deny: {
    /** Key texts, sorted. */
    readonly keys: readonly { readonly key: string; readonly from: number }[];
    readonly edges: readonly { readonly a: string; readonly b: string; readonly from: number }[];
  };
  /** SHA-256 of the region table's canonical bytes (geo/regions). */
  readonly regions: string;
  /** In byte order of origin. `url` is where the log's public files are served. */
  readonly logs: readonly { readonly origin: string; readonly vkey: string; readonly url: string }[];
}

/** The rules where a network has no other ones: a UTC day's epochs, no logs and nobody denied yet. */
export const DEFAULT_POLICY: Policy = {
  version: 1,
  beacon_interval_s: 21_600,
  grace_ms: 15_000,
  max_skew_ms: 500,
  max_witnesses: 256,
  selected_witnesses: 14,
  reciprocity_from: 2,
  trust: { pairs: 'one_trusted', open_cap_bp: 1000 },
  holdback: 7,
  pools_bp: { beacons: 600, witnesses: 2400, data: 5000, operations: 700, oracles: 700, delegators: 600 },
  credit_price: '3590000',
  deny: { keys: [], edges: [] },
  regions: REGION_TABLE_HASH,
  logs: [],
};
