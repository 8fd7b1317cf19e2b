import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { witnessObjection, type CosignedHead } from '#protocol/evidence/witnessed';
import { millis } from '#protocol/units';

const START = 1_000_000;
const LIMITS = { lag_ms: 20_000, gap_ms: 120_000 };
const SKEW = 500;

/** Stamps in seconds after the epoch's start, from index 0; every tenth of a minute a head of what is 15 s old. */
function judge(input: {
  readonly stamps: readonly number[];
  readonly heads: readonly (readonly [second: number, size: number])[];
  readonly from?: number;
  readonly cut?: number;
}): ReturnType<typeof witnessObjection> {
  const heads = input.heads.map(([second, size]): CosignedHead => ({ time: START / 1000 + second, size }));
  return witnessObjection({
    heads,
    from: input.from ?? 0,
    cut: input.cut ?? input.stamps.length,
    stampAt: (index) => millis(START + 1000 * (input.stamps[index] ?? Number.NaN)),
    start: START,
    limits: LIMITS,
    maxSkewMs: SKEW,
  });
}

describe('a witness of a log', () => {
  it('vouches where every entry was first shown after its stamp, and soon', () => {
    const stamps = [-5, 10, 30, 50, 70];
    expect(
      judge({
        stamps,
        heads: [
          [0, 0],
          [60, 3],
          [120, 5],
        ],
      }),
    ).toBeUndefined();
  });

  it('does not vouch before a checkpoint reaches the cut, nor for what lies after that one', () => {
    const heads = [
      [0, 0],
      [60, 3],
    ] as const;
    expect(judge({ stamps: [5, 10, 20, 40], heads })).toEqual({ kind: 'not_reached', size: 3, cut: 4 });
    expect(judge({ stamps: [5, 10, 20, 40], heads, cut: 3 })).toBeUndefined();
    // What comes after the head that reaches the cut says nothing about it.
    expect(judge({ stamps: [5, 10, 20], heads: [...heads, [900, 9]] })).toBeUndefined();
  });

  it('must have begun by the start of the epoch, or a gap later', () => {
    expect(judge({ stamps: [5], heads: [] })).toMatchObject({ kind: 'begins_late', first: null });
    expect(judge({ stamps: [5], heads: [[121, 1]] })).toMatchObject({ kind: 'begins_late' });
    expect(judge({ stamps: [5], heads: [[120, 1]] })).toBeUndefined();
  });

  it('bounds nothing over a gap in which the log grew', () => {
    const stamps = [5, 10, 200];
    const silent = [
      [0, 0],
      [60, 2],
      [200, 3],
    ] as const;
    expect(judge({ stamps, heads: silent })).toEqual({
      kind: 'gap',
      after: START + 60_000,
      gap: 140_000,
      most: 120_000,
    });
    // Nobody had anything to see meanwhile.
    expect(
      judge({
        stamps,
        heads: [
          [0, 0],
          [60, 2],
          [190, 2],
          [215, 3],
        ],
      }),
    ).toBeUndefined();
  });

  it('finds the entry that was stamped too early or too late, to the millisecond', () => {
    const heads = [
      [0, 0],
      [60, 2],
      [120, 3],
    ] as const;
    const least = 60 - LIMITS.lag_ms / 1000 - SKEW / 1000;
    expect(judge({ stamps: [5, 10, least], heads })).toBeUndefined();
    expect(judge({ stamps: [5, 10, least - 0.001], heads })).toEqual({
      kind: 'stamped_early',
      index: 2,
      stamp: START + least * 1000 - 1,
      least: START + least * 1000,
    });
    const most = 60 + 0.999 + SKEW / 1000;
    expect(judge({ stamps: [5, most, 70], heads })).toBeUndefined();
    expect(judge({ stamps: [5, most + 0.001, 70], heads })).toMatchObject({ kind: 'stamped_late', index: 1 });
    // The cut's last entry is held to the head that reaches it.
    expect(judge({ stamps: [5, 10, 121.5], heads })).toMatchObject({ kind: 'stamped_late', index: 2 });
  });

  it('looks only at what belongs to the epoch', () => {
    const heads = [
      [-60, 3],
      [0, 4],
      [60, 6],
    ] as const;
    // Entries before `from` are not at hand.
    const stamps = [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 30, 40];
    expect(judge({ stamps, heads, from: 4 })).toBeUndefined();
    // But what comes after a head that ends before them is later than it.
    const early = [...stamps.slice(0, 4), -30, 40];
    expect(judge({ stamps: early, heads: [[0, 2], ...heads.slice(2)], from: 4 })).toMatchObject({
      kind: 'stamped_early',
      index: 4,
    });
  });

  it('vouches for every honest history, and never for a stamp outside its bounds', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(gaps, fc.nat(), fc.integer({ min: 30_000, max: 300_000 }), (steps, pick, lie) => {
        let now = START;
        const stamps = steps.map((step) => (now += step));
        const times = Array.from(
          { length: Math.ceil((now - START + 80_000) / 60_000) + 1 },
          (_, at) => at * 60,
        );
        // A log shows what is 15 s old.
        const heads = times.map((second): CosignedHead => {
          const time = START / 1000 + second;
          return { time, size: stamps.filter((stamp) => stamp <= time * 1000 - 15_000).length };
        });
        const judged = (of: readonly number[]): ReturnType<typeof witnessObjection> =>
          witnessObjection({
            heads,
            from: 0,
            cut: of.length,
            stampAt: (index) => millis(of[index] ?? Number.NaN),
            start: START,
            limits: LIMITS,
            maxSkewMs: SKEW,
          });
        expect(judged(stamps)).toBeUndefined();
        // One entry and all after it moved into the future by more than any checkpoint is late.
        const at = pick % stamps.length;
        const later = stamps.map((stamp, index) => (index < at ? stamp : stamp + 75_000 + 1500 + lie));
        expect(judged(later)?.kind).toBe('stamped_late');
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
