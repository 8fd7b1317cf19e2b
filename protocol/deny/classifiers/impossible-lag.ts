import type { HotspotKey } from '../../units.ts';
import { beaconAirtime } from './airtime.ts';
import { findingOf, pairOf, type Classifier, type Finding, type Shown } from './finding.ts';
import { factsOf, type Observed, type Reception, type SeenPoc } from './observed.ts';
import { median } from './order-statistics.ts';
import { addTo } from './grouped.ts';

/** Other witnesses whose reports say when a frame had ended. */
export const LEAST_OTHERS = 3;
/** Frames of the pair, of which all but one in eight must be early, and frames of others that show the usual lag. */
export const LEAST_FRAMES = 8;
export const LEAST_REST = 16;

/** Milliseconds behind the median of the other witnesses' reports in the same log: as received, and by usual lags. */
const MEASURES = ['received', 'corrected'] as const;
type Behind = Readonly<Record<(typeof MEASURES)[number], number>>;

/** One frame as a witness met it. */
interface Met extends Shown {
  readonly beacon: Shown;
  readonly beaconer: HotspotKey;
  readonly behind: Behind;
  readonly airtime: number;
}

/**
 * Pairs of which the witness reports before the frame can have ended. How long its reports and those of the others take
 * shows in the frames of other beaconers: who is earlier than ever by half a frame, in one beaconer's frames alone, knew
 * their payload before it could be received. Both with and without the others' usual lags: without them, slow others make
 * one look early, and with them, others who are usually early themselves. When the beacon's report arrives is no matter.
 */
export const impossibleLag: Classifier = (of, vouches) => {
  const usual = usualLags(of);
  const met = new Map<HotspotKey, Met[]>();
  for (const poc of of.pocs) {
    const airtime = beaconAirtime(factsOf(of, poc.key));
    if (airtime === null) continue;
    for (const [witness, each] of meetings(poc, { airtime, usual, vouches })) addTo(met, witness, each);
  }
  return [...met].flatMap(([witness, all]) => earlyPairs(witness, all));
};

/** Milliseconds by which each hotspot's reports are usually behind the median of a frame's reports in their log. */
function usualLags(of: Observed): ReadonlyMap<HotspotKey, number> {
  const lags = new Map<HotspotKey, number[]>();
  for (const { witnesses } of of.pocs) {
    if (witnesses.length <= LEAST_OTHERS) continue;
    const middle = median(witnesses.map(({ position }) => position.receivedAt));
    for (const { key, position } of witnesses) addTo(lags, key, position.receivedAt - middle);
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
  const received = behindOthers(poc, of.vouches, ({ position }) => position.receivedAt);
  const corrected = behindOthers(
    poc,
    of.vouches,
    ({ key, position }) => position.receivedAt - (of.usual.get(key) ?? 0),
  );
  return poc.witnesses.flatMap(({ epoch, key, position }, at) => {
    const behind = { received: received[at] ?? Number.NaN, corrected: corrected[at] ?? Number.NaN };
    if (Number.isNaN(behind.received)) return [];
    return [[key, { epoch, position, beaconer: poc.key, beacon: poc, behind, airtime: of.airtime }]];
  });
}

/** By how much each witness is behind the median of the others in its log that vouch; NaN without enough of them. */
function behindOthers(
  poc: SeenPoc,
  vouches: (key: HotspotKey) => boolean,
  timeOf: (witness: Reception) => number,
): readonly number[] {
  const byLog = new Map<string, { readonly key: HotspotKey; readonly time: number }[]>();
  for (const witness of poc.witnesses)
    if (vouches(witness.key))
      addTo(byLog, witness.position.origin, { key: witness.key, time: timeOf(witness) });
  for (const times of byLog.values()) times.sort((a, b) => a.time - b.time);
  return poc.witnesses.map((witness) => {
    const others = byLog.get(witness.position.origin) ?? [];
    const own = others.findIndex(({ key }) => key === witness.key);
    const count = others.length - (own < 0 ? 0 : 1);
    const middle = Math.floor((count - 1) / 2);
    const ended = others[own >= 0 && own <= middle ? middle + 1 : middle];
    return count < LEAST_OTHERS || ended === undefined ? Number.NaN : timeOf(witness) - ended.time;
  });
}

function earlyPairs(witness: HotspotKey, all: readonly Met[]): readonly Finding[] {
  const byBeaconer = new Map<HotspotKey, Met[]>();
  for (const each of all) addTo(byBeaconer, each.beaconer, each);
  const ascending = {
    received: [...all].sort((a, b) => a.behind.received - b.behind.received),
    corrected: [...all].sort((a, b) => a.behind.corrected - b.behind.corrected),
  };
  return [...byBeaconer].flatMap(([beaconer, frames]) => {
    const rest = all.length - frames.length;
    const [first] = frames;
    if (first === undefined || frames.length < LEAST_FRAMES || rest < LEAST_REST) return [];
    const { airtime } = first;
    const place = Math.floor(rest / 4);
    const [received, corrected] = MEASURES.map((by) => quickOf(ascending[by], { beaconer, place, by }));
    const earlierBy = ({ behind }: Met): number =>
      Math.min((received ?? 0) - behind.received, (corrected ?? 0) - behind.corrected);
    const early = frames.filter((each) => 2 * earlierBy(each) > airtime);
    if ((frames.length - early.length) * LEAST_FRAMES > frames.length) return [];
    const earlier = median(early.map(earlierBy));
    const numbers = { frames: frames.length, early: early.length, earlier_ms: earlier, airtime_ms: airtime };
    const says = `${early.length} of ${frames.length} reports came about ${earlier} ms before the quickest quarter of the witness's reports of others, and a frame takes ${airtime} ms`;
    const shown = early.flatMap((each): Shown[] => [each, each.beacon]);
    return findingOf({ reason: 'impossible_lag', accused: pairOf(beaconer, witness), shown, numbers, says });
  });
}

/** What is behind at a place among the frames of other beaconers. */
function quickOf(
  ascending: readonly Met[],
  of: { readonly beaconer: HotspotKey; readonly place: number; readonly by: (typeof MEASURES)[number] },
): number {
  let left = of.place;
  for (const { beaconer, behind } of ascending) {
    if (beaconer === of.beaconer) continue;
    if (left === 0) return behind[of.by];
    left -= 1;
  }
  return Number.NaN;
}
