import type { Windows } from '../policy.ts';
import type { HotspotKey, Millis } from '../units.ts';
import { toHex } from '../wire/hex.ts';
import type { LoggedReport, PocGroup, Position, RecentPoc, VerifySignature } from './poc.ts';
import { comparePositions } from './position.ts';

/** Reports of a key that wait for a beacon unchecked; each further one is checked at once, see `Grouper`. */
export const UNCHECKED_ORPHANS = 32;
/** Reports of a payload that are kept unchecked; each further one is checked at once. */
export const UNCHECKED_REPORTS = 256;

export interface GrouperOptions {
  readonly verify: VerifySignature;
  readonly windows: Windows;
  /** Beacons judged before the first record that will be pushed (PocState.recent). */
  readonly recent?: Iterable<RecentPoc>;
}

/** What is known of one payload: orphans, then an open PoC, then only that it had one. */
interface Entry {
  readonly payload: string;
  reports: LoggedReport[];
  beacon: number | null;
  beaconAt: Millis | null;
  /** Once it is put out: the first place in each log from which it can be built again. */
  judged: ReadonlyMap<string, number> | null;
}

/**
 * Sorts a merged log into PoCs: pure, incremental, the same for batch and service. The first well-signed beacon report of
 * a payload opens its PoC, takes the witness reports that waited for it, and closes it 10 s of log time later: so PoCs
 * come out in the order of their beacons, which is the order of judgement, and nobody can hold one open. Beacon reports
 * are few and are verified here; witness reports are left to `checkPoc`.
 *
 * Memory: a report stays at most 181 s of log time, and is at most 512 bytes. A report that names a key of which 32
 * orphans wait, or a payload of which 256 reports are here, is verified at once and put out if badly signed: whoever
 * cannot sign for a key holds no more than that, and, because well-signed reports are never dropped, cannot push an
 * honest one out. How many well-signed ones a key sends is limited where they are received.
 */
export class Grouper {
  readonly #verify: VerifySignature;
  readonly #windows: Windows;
  readonly #entries = new Map<string, Entry>();
  /** Entries with a beacon, in order of beacon, until they are forgotten. */
  readonly #beacons = new Set<Entry>();
  readonly #orphans = new Map<LoggedReport, Entry>();
  readonly #orphansOf = new Map<HotspotKey, number>();
  #loose: LoggedReport[] = [];
  #last: Position | null = null;

  constructor({ verify, windows, recent = [] }: GrouperOptions) {
    this.#verify = verify;
    this.#windows = windows;
    for (const { payload, receivedAt } of [...recent].sort((a, b) => a.receivedAt - b.receivedAt))
      this.#remember({ payload, reports: [], beacon: null, beaconAt: receivedAt, judged: new Map() });
  }

  /** The next record of the merged log; throws RangeError if it is not after the one before. */
  push(item: LoggedReport): void {
    if (this.#last !== null && comparePositions(this.#last, item.position) >= 0)
      throw new RangeError(`reports are out of order at ${item.position.origin} ${item.position.index}`);
    this.#last = item.position;
    const payload = toHex(item.report.data);
    const entry = this.#entries.get(payload);
    if (entry === undefined || entry.beaconAt === null) {
      this.#pushWithoutBeacon(payload, item);
      return;
    }
    const age = item.position.receivedAt - entry.beaconAt;
    if (age <= this.#windows.attach_after_ms) {
      // Judged already: the record was part of it, and is read again.
      if (entry.judged === null) this.#append(entry, item);
    } else if (age <= this.#windows.identity_ms) {
      this.#loose.push(item);
    } else {
      // Its PoC may still wait for `advanceTo`, in #beacons.
      this.#entries.delete(payload);
      this.#pushWithoutBeacon(payload, item);
    }
  }

  /** Groups that are complete once every record received before `time` is pushed, in the order of judgement. */
  advanceTo(time: Millis): PocGroup[] {
    return this.#release(time);
  }

  /** Everything that is left, as at the end of the log. */
  flush(): PocGroup[] {
    return this.#release(Number.POSITIVE_INFINITY);
  }

  /**
   * The lowest index per log from which everything here, and what is remembered of the last 181 s, can be built again: a
   * cursor. Reading from it again puts out again what was put out lately; `advance` ignores what it has judged.
   */
  lowestOpen(): ReadonlyMap<string, number> {
    const open = [...this.#orphans.keys(), ...this.#loose];
    const places: [string, number][] = [];
    for (const { reports, judged } of this.#beacons) {
      open.push(...reports);
      if (judged !== null) places.push(...judged);
    }
    for (const { position } of open) places.push([position.origin, position.index]);
    return lowestIndexes(places);
  }

  #pushWithoutBeacon(payload: string, item: LoggedReport): void {
    if (item.report.kind === 'witness') {
      this.#pushOrphan(payload, item);
      return;
    }
    if (!this.#wellSigned(item)) {
      this.#loose.push(item);
      return;
    }
    const beaconAt = item.position.receivedAt;
    const waiting = this.#entries.get(payload)?.reports ?? [];
    const reports = waiting.filter(
      ({ position }) => beaconAt - position.receivedAt <= this.#windows.identity_ms,
    );
    for (const report of reports) this.#forgetOrphan(report);
    reports.push(item);
    this.#remember({ payload, reports, beacon: reports.length - 1, beaconAt, judged: null });
  }

  #pushOrphan(payload: string, item: LoggedReport): void {
    const { key } = item.report;
    const waiting = this.#orphansOf.get(key) ?? 0;
    const checked = waiting >= UNCHECKED_ORPHANS;
    if (checked && !this.#wellSigned(item)) {
      this.#loose.push(item);
      return;
    }
    let entry = this.#entries.get(payload);
    if (entry === undefined) {
      entry = { payload, reports: [], beacon: null, beaconAt: null, judged: null };
      this.#entries.set(payload, entry);
    }
    if (!this.#append(entry, item, checked)) return;
    this.#orphans.set(item, entry);
    this.#orphansOf.set(key, waiting + 1);
  }

  /** False where the report was put out instead. */
  #append(entry: Entry, item: LoggedReport, checked = false): boolean {
    const kept = checked || entry.reports.length < UNCHECKED_REPORTS || this.#wellSigned(item);
    if (kept) entry.reports.push(item);
    else this.#loose.push(item);
    return kept;
  }

  #remember(entry: Entry): void {
    this.#entries.set(entry.payload, entry);
    this.#beacons.add(entry);
  }

  #forgetOrphan(item: LoggedReport): void {
    this.#orphans.delete(item);
    const left = (this.#orphansOf.get(item.report.key) ?? 1) - 1;
    if (left === 0) this.#orphansOf.delete(item.report.key);
    else this.#orphansOf.set(item.report.key, left);
  }

  #wellSigned({ report, signer }: LoggedReport): boolean {
    const { signedBytes: message, signature } = report;
    return signer !== null && this.#verify({ key: signer, message, signature });
  }

  #release(time: number): PocGroup[] {
    const out: PocGroup[] = [];
    let loose = 0;
    const releaseLoose = (until: number): void => {
      for (; loose < this.#loose.length; loose += 1) {
        const item = this.#loose[loose];
        if (item === undefined || item.position.receivedAt > until) return;
        out.push({ kind: 'loose', payload: toHex(item.report.data), beacon: null, reports: [item] });
      }
    };
    for (const entry of this.#beacons) {
      const { payload, beacon, beaconAt } = entry;
      if (beaconAt === null || beaconAt + this.#windows.attach_after_ms >= time) break;
      if (entry.judged === null) {
        // A loose report comes after its own PoC, and at the same place whenever this is called.
        releaseLoose(beaconAt + this.#windows.attach_after_ms);
        out.push({ kind: 'poc', payload, beacon, reports: entry.reports });
        entry.judged = lowestIndexes(entry.reports.map(({ position }) => [position.origin, position.index]));
        entry.reports = [];
      }
      if (beaconAt + this.#windows.identity_ms < time) {
        this.#beacons.delete(entry);
        if (this.#entries.get(payload) === entry) this.#entries.delete(payload);
      }
    }
    releaseLoose(time);
    this.#loose = this.#loose.slice(loose);
    this.#releaseStale(time, out);
    return out;
  }

  /** One by one: what stands together must not depend on when this is called. */
  #releaseStale(time: number, out: PocGroup[]): void {
    for (const [item, entry] of this.#orphans) {
      if (item.position.receivedAt + this.#windows.identity_ms >= time) return;
      this.#forgetOrphan(item);
      out.push({ kind: 'stale', payload: entry.payload, beacon: null, reports: [item] });
      // Orphans of a payload are put out in the order in which they came.
      entry.reports.shift();
      const empty = entry.reports.length === 0 && this.#entries.get(entry.payload) === entry;
      if (empty) this.#entries.delete(entry.payload);
    }
  }
}

/** The place in the order of judgement: the beacon's, or the first report's where there is none. */
export function judgedAt(group: PocGroup): Position {
  const report = group.reports[group.beacon ?? 0];
  if (report === undefined) throw new RangeError(`group ${group.payload} is empty`);
  return report.position;
}

function lowestIndexes(places: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const lowest = new Map<string, number>();
  for (const [origin, index] of places) {
    const before = lowest.get(origin);
    if (before === undefined || index < before) lowest.set(origin, index);
  }
  return lowest;
}
