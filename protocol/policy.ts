import { REGION_TABLE_HASH } from './geo/regions.ts';

/** Spans of poc.md 2 to 5; both ends are included unless the rule says otherwise. */
export interface Windows {
  /** Seconds from an entropy's start within which reports that use it arrive. */
  readonly entropy_s: number;
  /** An entropy that was received longer ago than this counts as not in the evidence: state stays small. */
  readonly entropy_memory_ms: number;
  /** Witnesses attach from this long before their beacon. */
  readonly attach_before_ms: number;
  /** Witnesses attach until this long after their beacon; then its group is closed. */
  readonly attach_after_ms: number;
  /** A payload keeps its beacon, and an orphan waits for one, for this long. */
  readonly identity_ms: number;
  /** Largest lag of a witness behind its beacon, where the beacon was logged first. */
  readonly lag_after_beacon_ms: number;
  /** Largest lag behind the first attached witness, where a witness was logged before the beacon. */
  readonly lag_after_witness_ms: number;
  /** Age below which a beacon that was heard, or a valid witness, counts for reciprocity. */
  readonly reciprocity_ms: number;
  /** Age below which, at the epoch's end, a beacon that was heard makes its hotspot count in the density. */
  readonly active_ms: number;
}

/** One resolution of the density table (poc.md 5). */
export interface DensityLevel {
  readonly resolution: number;
  readonly neighbours: number;
  readonly target: number;
  readonly max: number;
}

/** Who must have seen a log's checkpoints in time before its evidence counts (evidence.md, C2SP tlog-cosignature). */
export interface LogWitnesses {
  /** Witnesses that must vouch for a log's cut; 0 where there are none. */
  readonly quorum: number;
  /** By how much a checkpoint may stay behind the stamps: the window in which nothing is readable, and the log's pace. */
  readonly lag_ms: number;
  /** The longest that one witness may leave between two checkpoints while the log grows. */
  readonly gap_ms: number;
  /** By verifier key (of type cosignature). `url` is where the witness's public files are served. */
  readonly keys: readonly { readonly vkey: string; readonly url: string }[];
}

/** The rules' parameters, pinned on chain by the hash of their canonical JSON (RFC 8785); all numbers are integers. */
export interface Policy {
  readonly version: 1;
  /** Seconds; must divide a day (poc.md 3, check 6). */
  readonly beacon_interval_s: number;
  /** Milliseconds after an epoch's end at which logs append its epoch_close; at least attach_after_ms + max_skew_ms. */
  readonly grace_ms: number;
  readonly max_skew_ms: number;
  /** Attached witnesses judged per beacon; later ones are over_limit. */
  readonly max_witnesses: number;
  readonly selected_witnesses: number;
  /** First epoch in which reciprocity is asked for. */
  readonly reciprocity_from: number;
  readonly windows: Windows;
  /** What a pair's places and frequencies may be (poc.md 4, checks 10, 12 and 13). */
  readonly pair: {
    readonly max_frequency_offset_hz: number;
    readonly max_distance_km: number;
    /** At resolution 11. */
    readonly min_cells_apart: number;
  };
  readonly trust: {
    readonly pairs: 'one_trusted' | 'any';
    /** Basis points of each pool that all open hotspots together may get. */
    readonly open_cap_bp: number;
  };
  /** Epochs until an amount enters the cumulative totals; equal to the chain's. */
  readonly holdback: number;
  /** Reward units of a PoC: N witnesses, r and the cap in ten-thousandths (poc.md 5, "Units"). */
  readonly units: { readonly witnesses: number; readonly decay_bp: number; readonly cap_bp: number };
  /** From fine to coarse, 10 to 4: counts are clipped from below upwards. */
  readonly density: readonly DensityLevel[];
  /** Scale of a beaconer without an active place, in ten-thousandths. */
  readonly unknown_scale_bp: number;
  /** Basis points of the emission. */
  readonly pools_bp: {
    readonly beacons: number;
    readonly witnesses: number;
    readonly data: number;
    readonly operations: number;
    readonly oracles: number;
    readonly delegators: number;
  };
  /** Basis points of what data transfer does not use that go to beacons; the rest goes to witnesses. */
  readonly unused_data_to_beacons_bp: number;
  /** Bytes of a packet that one data credit carries. */
  readonly credit_bytes: number;
  /** USD per token, 8 decimals; equal to the chain's. */
  readonly credit_price: string;
  /** The keeper's verifier key and the hash of the signed list (deny/deny-list.ts); null: nobody is denied. */
  readonly deny: { readonly keeper: string; readonly hash: string } | null;
  /** SHA-256 of the region table's canonical bytes (geo/regions). */
  readonly regions: string;
  /** In byte order of origin. `url` is where the log's public files are served. */
  readonly logs: readonly { readonly origin: string; readonly vkey: string; readonly url: string }[];
  readonly log_witnesses: LogWitnesses;
  /** After an epoch's end and grace: from then on a log without a cut that holds may be left out, with size 0. */
  readonly late_log_ms: number;
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
  windows: {
    entropy_s: 180,
    entropy_memory_ms: 3_600_000,
    attach_before_ms: 180_000,
    attach_after_ms: 10_000,
    identity_ms: 181_000,
    lag_after_beacon_ms: 4000,
    lag_after_witness_ms: 1500,
    reciprocity_ms: 172_800_000,
    active_ms: 219_600_000,
  },
  pair: { max_frequency_offset_hz: 100_000, max_distance_km: 100, min_cells_apart: 8 },
  trust: { pairs: 'one_trusted', open_cap_bp: 1000 },
  holdback: 7,
  units: { witnesses: 4, decay_bp: 8000, cap_bp: 20_000 },
  density: [
    { resolution: 10, neighbours: 2, target: 1, max: 1 },
    { resolution: 9, neighbours: 2, target: 1, max: 1 },
    { resolution: 8, neighbours: 2, target: 1, max: 1 },
    { resolution: 7, neighbours: 4, target: 5, max: 10 },
    { resolution: 6, neighbours: 4, target: 25, max: 50 },
    { resolution: 5, neighbours: 4, target: 100, max: 200 },
    { resolution: 4, neighbours: 2, target: 500, max: 1000 },
  ],
  unknown_scale_bp: 2000,
  pools_bp: { beacons: 600, witnesses: 2400, data: 5000, operations: 700, oracles: 700, delegators: 600 },
  unused_data_to_beacons_bp: 2000,
  credit_bytes: 24,
  credit_price: '3590000',
  deny: null,
  regions: REGION_TABLE_HASH,
  logs: [],
  log_witnesses: { quorum: 0, lag_ms: 25_000, gap_ms: 180_000, keys: [] },
  late_log_ms: 21_600_000,
};
