import { edgeDenied } from '../../deny/deny-list.ts';
import {
  gridPoint,
  metresBetween,
  stepsApart,
  unitVector,
  type GridPoint,
  type UnitVector,
} from '../../geo/cell.ts';
import { fitsFreeSpace, freeSpaceTenths } from '../../geo/free-space.ts';
import type { WitnessReport } from '../../wire/report.ts';
import type { HotspotFacts, Numbers, Objection } from '../poc.ts';
import type { BeaconCase } from './beacon.ts';
import {
  asserted,
  capable,
  known,
  notDenied,
  notQuarantined,
  withinEntropy,
  type Participant,
} from './participant.ts';

/** An attached witness report with the beacon that it attaches to. */
export interface WitnessCase extends Participant {
  readonly report: WitnessReport;
  readonly beacon: BeaconCase;
  /** Whether this key was judged for this beacon before. */
  readonly again: boolean;
  /** Milliseconds behind the beacon, or behind the first attached witness where that was logged before it. */
  readonly lag: number;
  readonly lagLimit: number;
  readonly lagBehind: 'beacon' | 'first_witness';
  /** Whole dBm: the smaller of the reported power and the plan's conducted power. */
  readonly power: number;
  readonly path: Path;
}

/** A hotspot's end of paths, computed when a rule first asks: a beaconer's is in as many as it has witnesses. */
export class PathEnd {
  readonly facts: HotspotFacts | undefined;
  #direction: UnitVector | undefined;
  #point: GridPoint | undefined;

  constructor(facts: HotspotFacts | undefined) {
    this.facts = facts;
  }

  get direction(): UnitVector | null {
    if (this.facts === undefined) return null;
    return (this.#direction ??= unitVector(this.facts));
  }

  get point(): GridPoint | null {
    const cell = this.facts?.cell ?? null;
    return cell === null ? null : (this.#point ??= gridPoint(cell));
  }
}

/** The geometry of a pair, computed when a rule first asks. */
export class Path {
  readonly #from: PathEnd;
  readonly #to: PathEnd;
  #metres: number | undefined;
  #cells: number | null | undefined;

  constructor(from: PathEnd, to: PathEnd) {
    this.#from = from;
    this.#to = to;
  }

  /** Rounded great-circle metres between the centres of the cells. */
  get metres(): number {
    const [from, to] = [this.#from.direction, this.#to.direction];
    if (from === null || to === null) return 0;
    return (this.#metres ??= Math.round(metresBetween(from, to)));
  }

  /** Grid distance at resolution 11; null where H3 gives none. */
  get cells(): number | null {
    const [from, to] = [this.#from.point, this.#to.point];
    if (from === null || to === null) return null;
    if (this.#cells === undefined) this.#cells = stepsApart(from, to);
    return this.#cells;
  }
}

export type WitnessRule = (of: WitnessCase) => Objection | undefined;

/** Checks 0 to 14 in order; 8 holds for every attached report, and 15 needs state (rules/state.ts). */
export const WITNESS_RULES: readonly WitnessRule[] = [
  duplicate,
  known,
  asserted,
  notDenied,
  notQuarantined,
  edgeNotDenied,
  notSelf,
  withinEntropy,
  inTime,
  capable,
  onFrequency,
  inRegion,
  nearEnough,
  farEnough,
  withinFreeSpace,
];

/** Everything that was measured, for a witness that passes. */
export function witnessNumbers(of: WitnessCase): Numbers {
  const signal = signalNumbers(of);
  return {
    lag_ms: of.lag,
    lag_limit_ms: of.lagLimit,
    lag_behind: of.lagBehind,
    frequency_offset_hz: Number(of.report.frequency - of.beacon.report.frequency),
    distance_m: of.path.metres,
    cells_apart: of.path.cells,
    signal_ddbm: signal.signal_ddbm,
    power_dbm: signal.power_dbm,
    fspl_ddb: signal.fspl_ddb,
    bound_ddbm: signal.bound_ddbm,
  };
}

function objection(reason: Objection['reason'], numbers: Numbers): Objection {
  return { reason, side: 'witness', numbers };
}

function duplicate({ again, key }: WitnessCase): Objection | undefined {
  return again ? objection('duplicate', { key }) : undefined;
}

function edgeNotDenied({ deny, epoch, key, beacon }: WitnessCase): Objection | undefined {
  const entry = edgeDenied(deny, { a: key, b: beacon.key, epoch });
  if (entry === undefined) return undefined;
  const numbers = { beaconer: beacon.key, from_epoch: entry.from, listed_for: entry.reason };
  return objection('denied_edge', numbers);
}

function notSelf({ key, beacon }: WitnessCase): Objection | undefined {
  return key === beacon.key ? objection('self_witness', { key }) : undefined;
}

function inTime(of: WitnessCase): Objection | undefined {
  return of.lag <= of.lagLimit ? undefined : objection('too_late', lagNumbers(of));
}

function onFrequency({ report, beacon, policy }: WitnessCase): Objection | undefined {
  const offset = report.frequency - beacon.report.frequency;
  const limit = policy.pair.max_frequency_offset_hz;
  if (offset <= limit && -offset <= limit) return undefined;
  return objection('invalid_frequency', {
    frequency_hz: String(report.frequency),
    beacon_frequency_hz: String(beacon.report.frequency),
    limit_hz: limit,
  });
}

function inRegion({ region, beacon }: WitnessCase): Objection | undefined {
  if (region === beacon.region) return undefined;
  return objection('invalid_region', { region, beacon_region: beacon.region });
}

function nearEnough({ path, policy }: WitnessCase): Objection | undefined {
  const limit = policy.pair.max_distance_km;
  if (Math.floor(path.metres / 1000) <= limit) return undefined;
  return objection('max_distance_exceeded', { distance_m: path.metres, limit_km: limit });
}

function farEnough({ path, policy }: WitnessCase): Objection | undefined {
  const least = policy.pair.min_cells_apart;
  if (path.cells !== null && path.cells >= least) return undefined;
  return objection('below_min_distance', {
    distance_m: path.metres,
    cells_apart: path.cells,
    least_cells: least,
  });
}

function withinFreeSpace(of: WitnessCase): Objection | undefined {
  const { report, path } = of;
  const tenths = 10 * totalPower(of) - report.signal;
  if (fitsFreeSpace({ tenths, metres: path.metres, frequency: report.frequency })) return undefined;
  return objection('bad_rssi', { distance_m: path.metres, ...signalNumbers(of) });
}

/** Whole dBm that would arrive without any path: power and both gains, truncated. */
function totalPower({ power, beacon, facts }: WitnessCase): number {
  return power + Math.trunc((beacon.facts?.gain ?? 0) / 10) + Math.trunc((facts?.gain ?? 0) / 10);
}

function lagNumbers({ lag, lagLimit, lagBehind }: WitnessCase): Numbers {
  return { lag_ms: lag, lag_limit_ms: lagLimit, lag_behind: lagBehind };
}

/** fspl and bound in tenths, fspl rounded up: signal <= bound exactly where the check passes. */
function signalNumbers(of: WitnessCase) {
  const fspl = freeSpaceTenths(of.path.metres, of.report.frequency);
  return {
    signal_ddbm: of.report.signal,
    power_dbm: of.power,
    fspl_ddb: fspl,
    bound_ddbm: fspl === null ? null : 10 * totalPower(of) - fspl,
  };
}
