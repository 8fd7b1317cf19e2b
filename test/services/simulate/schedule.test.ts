import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextBeaconTime } from '#services/simulate/hotspot/beacon-schedule';
import { openBeaconLoop } from '#services/simulate/hotspot/beacon-loop';
import { backoffMs } from '#services/simulate/hotspot/link/backoff';
import { virtualClock } from '#services/simulate/medium/clock';
import { seededRandom } from '#services/simulate/medium/random';

const HOUR_S = 3_600;
const start = 1_793_491_200;
const now = fc.integer({ min: start, max: start + 10 * 86_400 });
const interval = fc.constantFrom(10, 60, 3_600, 21_600);
const seed = fc.integer();

describe('the beacon schedule of fielded hotspots', () => {
  it('has the first beacon within 0 to 2 intervals, in this one or the next', () => {
    fc.assert(
      fc.property(now, interval, seed, (at, intervalS, number) => {
        const next = nextBeaconTime({ now: at, last: null, intervalS, random: seededRandom(number) });
        expect(next).toBeGreaterThan(at - 1);
        expect(next).toBeLessThan(at - (at % intervalS) + 2 * intervalS);
      }),
    );
  });

  it('keeps a time that is to come, takes the next interval after one of this, and the rest of this after an older', () => {
    fc.assert(
      fc.property(now, interval, seed, (at, intervalS, number) => {
        const random = seededRandom(number);
        const begin = at - (at % intervalS);
        expect(nextBeaconTime({ now: at, last: at + 7, intervalS, random })).toBe(at + 7);
        const after = nextBeaconTime({ now: at, last: at, intervalS, random });
        expect(Math.floor(after / intervalS)).toBe(at / intervalS - (at % intervalS) / intervalS + 1);
        const older = nextBeaconTime({ now: at, last: begin - 1, intervalS, random });
        expect(older).toBeGreaterThanOrEqual(at);
        expect(older).toBeLessThan(begin + intervalS);
      }),
    );
  });

  it('gives one beacon in every interval of six hours where the region is asked for every hour', async () => {
    const clock = virtualClock(1000 * start);
    const beacons: number[] = [];
    const loop = openBeaconLoop({
      clock,
      random: seededRandom('loop'),
      intervalS: 6 * HOUR_S,
      beacon: () => beacons.push(clock.now()),
    });
    const answer = (): void => {
      loop.regionAnswered(Math.floor(clock.now() / 1000));
      clock.after(1000 * HOUR_S, answer);
    };
    clock.after(9_000, answer);
    await clock.runUntil(1000 * (start + 10 * 86_400));
    loop.close();
    const buckets = beacons.map((at) => Math.floor(at / (6_000 * HOUR_S)));
    expect(new Set(buckets).size).toBe(buckets.length);
    expect(beacons.length).toBeGreaterThanOrEqual(38);
  });
});

describe('the waits of fielded hotspots', () => {
  const range = (retries: number): readonly [number, number] => {
    const random = seededRandom('waits', retries);
    const waits = Array.from({ length: 2_000 }, () => backoffMs({ retries, mostMs: 1_800_000, random }));
    return [Math.min(...waits), Math.max(...waits)];
  };

  it.each([
    ['a stream that was closed', 0, 5_000, 6_500],
    ['the first region request', 1, 7_000, 13_000],
    ['the second one', 2, 14_000, 26_000],
    ['the third one', 3, 28_000, 52_000],
  ])('for %s are within their bounds, and use them', (_, retries, least, most) => {
    const [shortest, longest] = range(retries);
    expect(shortest).toBeGreaterThanOrEqual(least);
    expect(longest).toBeLessThanOrEqual(most);
    expect(longest).toBeGreaterThan(most - 0.05 * (most - least));
  });

  it('never exceed the most', () => {
    const random = seededRandom('most');
    expect(backoffMs({ retries: 30, mostMs: 1_800_000, random })).toBe(1_800_000);
  });
});
