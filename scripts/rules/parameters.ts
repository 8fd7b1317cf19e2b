/** A policy's parameter as the document describes it. */
export interface Parameter {
  /** Its path in policy.json; `[]` stands for every entry of a list. */
  readonly path: string;
  readonly unit: string;
  readonly means: string;
  /** The check or the part of the rules that reads it. */
  readonly governs: string;
}

/** Every parameter of the policy in the order of protocol/policy.ts. */
export const PARAMETERS: readonly Parameter[] = [
  of('version', '', 'version of the format', 'all'),
  of(
    'beacon_interval_s',
    's',
    'one beacon counts in each interval since the Unix epoch; divides a day',
    'beacon 6',
  ),
  of('grace_ms', 'ms', "from an epoch's end to the logs' epoch_close", 'what evidence counts'),
  of('max_skew_ms', 'ms', 'what two logs may differ in their clocks', 'witness 7'),
  of('max_witnesses', '', 'attached reports that are judged for one beacon', 'over_limit'),
  of(
    'selected_witnesses',
    '',
    'valid witnesses of trusted pairs that are paid, by the smallest hash',
    'selection',
  ),
  of('reciprocity_from', 'epoch', 'first epoch in which reciprocity is asked', 'beacon 8, witness 15'),
  of('windows.entropy_s', 's', 'how long an entropy may be used', 'beacon 4, witness 6'),
  of(
    'windows.entropy_memory_ms',
    'ms',
    'an entropy logged longer ago counts as not in the evidence',
    'beacon 4',
  ),
  of('windows.attach_before_ms', 'ms', 'reports attach from this long before their beacon', 'attached'),
  of(
    'windows.attach_after_ms',
    'ms',
    'reports attach until this long after; then the PoC is judged',
    'attached',
  ),
  of(
    'windows.identity_ms',
    'ms',
    'how long a payload keeps its beacon, and a report waits for one',
    'beacon 0, stale',
  ),
  of('windows.lag_after_beacon_ms', 'ms', 'largest lag behind the beacon where that came first', 'witness 7'),
  of(
    'windows.lag_after_witness_ms',
    'ms',
    'largest lag behind the first report where one came before the beacon',
    'witness 7',
  ),
  of(
    'windows.reciprocity_ms',
    'ms',
    'a beacon that was heard, or a valid witness report, counts while younger',
    'beacon 8, witness 15',
  ),
  of(
    'windows.active_ms',
    'ms',
    "at the epoch's end, a hotspot whose heard beacon is younger counts in the density",
    'density',
  ),
  of(
    'pair.max_frequency_offset_hz',
    'Hz',
    'how far from the frequency sent a report may say it heard',
    'witness 10',
  ),
  of('pair.max_distance_km', 'km', 'largest distance in whole kilometres', 'witness 12'),
  of('pair.min_cells_apart', 'cells', 'smallest H3 grid distance at resolution 11', 'witness 13'),
  of(
    'trust.pairs',
    '',
    '`one_trusted`: one of a selected pair is endorsed or bonded; `any`: all pairs count',
    'selection',
  ),
  of('trust.open_cap_bp', 'bp', 'the most of each pool that all open hotspots together get', 'rewards'),
  of('holdback', 'epochs', 'until an amount enters the cumulative totals', 'rewards'),
  of('units.witnesses', '', 'selected witnesses that make a full beacon (N)', 'rewards'),
  of('units.decay_bp', 'bp', 'what each further witness adds, as a factor (r)', 'rewards'),
  of('units.cap_bp', 'bp', 'the most units of a beacon or a witness report', 'rewards'),
  of('density[].resolution', 'H3', 'the resolution of a level', 'density'),
  of('density[].neighbours', '', 'occupied cells of seven that are free (N)', 'density'),
  of(
    'density[].target',
    '',
    'hotspots that a cell holds undiminished, and from which it is occupied',
    'density',
  ),
  of('density[].max', '', 'the most that a cell holds among occupied neighbours', 'density'),
  of('unknown_scale_bp', 'bp', 'scale of a beaconer that is not active', 'density'),
  of('pools_bp.beacons', 'bp', 'of the emission, to beacons', 'rewards'),
  of('pools_bp.witnesses', 'bp', 'to witnesses', 'rewards'),
  of('pools_bp.data', 'bp', 'to data transfer, at most', 'rewards'),
  of('pools_bp.operations', 'bp', "to the fund's Payee", 'rewards'),
  of('pools_bp.oracles', 'bp', 'to the voters of the epoch before, in equal parts', 'rewards'),
  of('pools_bp.delegators', 'bp', 'not minted', 'rewards'),
  of(
    'unused_data_to_beacons_bp',
    'bp',
    'of what data transfer leaves, to beacons; the rest to witnesses',
    'rewards',
  ),
  of('credit_bytes', 'bytes', 'of a packet that one data credit carries', 'data credits'),
  of('credit_price', '1e-8 USD', 'price of a token; equal to the chain’s', 'data credits'),
  of(
    'deny',
    '',
    'keeper and hash of the signed deny list; null: nobody is denied',
    'beacon 3, witness 3 and 4',
  ),
  of(
    'regions',
    'SHA-256',
    'hash of the region table and the channel plans',
    'beacon 2 and 7, witness 2 and 11',
  ),
  of('logs', '', 'origin, verifier key and URL of each evidence log', 'what evidence counts'),
  of('log_witnesses.quorum', '', "witnesses that must vouch for a log's cut", 'what evidence counts'),
  of(
    'log_witnesses.lag_ms',
    'ms',
    'by how much a checkpoint may stay behind the stamps',
    'what evidence counts',
  ),
  of(
    'log_witnesses.gap_ms',
    'ms',
    'the longest that a witness may leave between two checkpoints while the log grows',
    'what evidence counts',
  ),
  of('log_witnesses.keys', '', 'verifier key and URL of each witness of the logs', 'what evidence counts'),
  of(
    'late_log_ms',
    'ms',
    "after an epoch's end and grace, when a log without a cut that holds may be left out",
    'what evidence counts',
  ),
];

function of(path: string, unit: string, means: string, governs: string): Parameter {
  return { path, unit, means, governs };
}
