import type { HotspotKey } from '../../units.ts';
import { findingOf, pairOf, type Classifier, type Shown } from './finding.ts';
import { frameOf } from './frame.ts';
import { factsOf, type Observed, type SeenPoc } from './observed.ts';
import { median } from './order-statistics.ts';

/** Other witnesses whose reports say when a frame had ended. */
export const LEAST_OTHERS = 3;
/** Frames of the pair, of which all but one in eight must be early, and frames of others that show the usual lag. */
export const LEAST_FRAMES = 8;
export const LEAST_REST = 16;

/** One frame as a witness met it. */
interface Met extends Shown {
  readonly beacon: Shown;
  readonly beaconer: HotspotKey;
  /** Milliseconds behind the other witnesses' reports in the same log, all by their usual lags. */
  readonly behind: number;
  readonly airtime: number;
}

/**
 * Pairs of which the witness reports before the frame can have ended. How long its reports and those of the others take
 * shows in the frames of other beaconers: who is earlier than ever by half a frame, in one beaconer's frames alone, knew
 * their payload before it could be received. When the beacon's own report arrives does not matter.
 */
export const impossibleLag: Classifier = (of, vouches) => {
  const usual = usualLags(of);
  const met = new Map<HotspotKey, Met[]>();
  for (const poc of of.pocs) {
    const airtime = frameOf(factsOf(of, poc.key))?.airtimeMs;
    if (airtime === undefined) continue;
    for (const [witness, each] of meetings(poc, { airtime, usual, vouches })) add(met, witness, each);
  }
  return [...met].flatMap(([witness, all]) => earlyPairs(witness, all));
};

/** Milliseconds by which each hotspot's reports are usually behind the median of a frame's reports in their log. */
function usualLags(of: Observed): ReadonlyMap<HotspotKey, number> {
  const lags = new Map<HotspotKey, number[]>();
  for (const { witnesses } of of.pocs) {
    if (witnesses.length <= LEAST_OTHERS) continue;
    const middle = median(witnesses.map(({ position }) => position.receivedAt));
    for (const { key, position } of witnesses) add(lags, key, position.receivedAt - middle);
  }
  return new Map([...lags].map(([key, values]) => [key, median(values)]));
}

function meetings(
  poc: SeenPoc,
  of: {
    readonly airtime: number;
    readonly usual: ReadonlyMap<HotspotKey, number>;
    readonly vouches: (key: HotspotKey) => boolean;
  },
): readonly (readonly [HotspotKey, Met])[] {
  const timed = poc.witnesses.map((witness) => ({
    ...witness,
    origin: witness.position.origin,
    time: witness.position.receivedAt - (of.usual.get(witness.key) ?? 0),
  }));
  const vouching = timed.filter(({ key }) => of.vouches(key)).sort((a, b) => a.time - b.time);
  const byLog = new Map<string, (typeof vouching)[number][]>();
  for (const each of vouching) add(byLog, each.origin, each);
  return timed.flatMap(({ epoch, key, position, origin, time }) => {
    const others = byLog.get(origin) ?? [];
    const own = others.findIndex((other) => other.key === key);
    const count = others.length - (own < 0 ? 0 : 1);
    const middle = Math.floor((count - 1) / 2);
    const ended = others[own >= 0 && own <= middle ? middle + 1 : middle];
    if (count < LEAST_OTHERS || ended === undefined) return [];
    const behind = time - ended.time;
    return [[key, { epoch, position, beaconer: poc.key, beacon: poc, behind, airtime: of.airtime }]];
  });
}

function earlyPairs(witness: HotspotKey, all: readonly Met[]) {
  const byBeaconer = new Map<HotspotKey, Met[]>();
  for (const each of all) add(byBeaconer, each.beaconer, each);
  const ascending = [...all].sort((a, b) => a.behind - b.behind);
  return [...byBeaconer].flatMap(([beaconer, frames]) => {
    const rest = all.length - frames.length;
    const [first] = frames;
    if (first === undefined || frames.length < LEAST_FRAMES || rest < LEAST_REST) return [];
    const { airtime } = first;
    const quick = quickOf(ascending, { beaconer, place: Math.floor(rest / 4) });
    const early = frames.filter(({ behind }) => 2 * (quick - behind) > airtime);
    if ((frames.length - early.length) * LEAST_FRAMES > frames.length) return [];
    const earlier = quick - median(early.map(({ behind }) => behind));
    const numbers = { frames: frames.length, early: early.length, earlier_ms: earlier, airtime_ms: airtime };
    const says = `${early.length} of ${frames.length} reports came about ${earlier} ms before the quickest quarter of the witness's reports of others, and a frame takes ${airtime} ms`;
    const shown = early.flatMap((each): Shown[] => [each, each.beacon]);
    return findingOf({ reason: 'impossible_lag', accused: pairOf(beaconer, witness), shown, numbers, says });
  });
}

/** What is behind at a place among the frames of other beaconers. */
function quickOf(
  ascending: readonly Met[],
  of: { readonly beaconer: HotspotKey; readonly place: number },
): number {
  let left = of.place;
  for (const { beaconer, behind } of ascending) {
    if (beaconer === of.beaconer) continue;
    if (left === 0) return behind;
    left -= 1;
  }
  return Number.NaN;
}

function add<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const before = lists.get(key);
  if (before === undefined) lists.set(key, [value]);
  else before.push(value);
}
