import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { millis, type Hash } from '#protocol/units';
import type { EntropyFact, PocState } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import {
  clocksOf,
  clonePocState,
  emptyPocState,
  findEntropy,
  forgetBefore,
  forgetEntropies,
  moveClock,
  rememberEntropy,
} from '#protocol/verify/state';
import { keyNumber, NOON } from '../../support/poc-world.ts';

const { windows } = DEFAULT_POLICY;
const KEY = keyNumber(1);
const at = (offset: number) => millis(NOON + offset);
const entropy = (offset: number, data = 'aa'): EntropyFact => ({
  data,
  timestamp: 5,
  version: 0,
  receivedAt: at(offset),
});

describe('a clock', () => {
  test('is null for a hotspot that was never judged, and moves alone', () => {
    const state = emptyPocState();
    expect(clocksOf(state, KEY)).toEqual({ lastBeacon: null, lastBeaconRecip: null, lastWitness: null });
    moveClock(state, { key: KEY, clock: 'lastWitness', to: at(5) });
    moveClock(state, { key: KEY, clock: 'lastBeacon', to: at(3) });
    expect(clocksOf(state, KEY)).toEqual({
      lastBeacon: at(3),
      lastBeaconRecip: null,
      lastWitness: at(5),
    });
    expect(clocksOf(state, keyNumber(2)).lastWitness).toBeNull();
  });

  test.each([
    [4, 5],
    [5, 5],
    [6, 6],
  ])('that stands at 5 and is moved to %i stands at %i', (to, stands) => {
    const state = emptyPocState();
    moveClock(state, { key: KEY, clock: 'lastWitness', to: at(5) });
    const before = clocksOf(state, KEY);
    moveClock(state, { key: KEY, clock: 'lastWitness', to: at(to) });
    expect(clocksOf(state, KEY).lastWitness).toBe(at(stands));
    // Nothing is written where nothing moved.
    expect(clocksOf(state, KEY) === before).toBe(to <= 5);
  });
});

describe('a copy of the state', () => {
  test('is equal, and moves on its own in all of its parts', () => {
    const state = emptyPocState();
    moveClock(state, { key: KEY, clock: 'lastBeacon', to: at(1) });
    rememberEntropy(state.entropies, entropy(0));
    const id = (digit: string) => digit.repeat(64) as Hash;
    state.recent.set('00', {
      payload: '00',
      reportId: id('1'),
      receivedAt: at(1),
      seen: new Set([id('2')]),
    });
    const copy = clonePocState(state);
    expect(copy).toEqual(state);
    moveClock(copy, { key: KEY, clock: 'lastBeacon', to: at(2) });
    copy.recent.get('00')?.seen.add(id('3'));
    copy.entropies.clear();
    expect(clocksOf(state, KEY).lastBeacon).toBe(at(1));
    expect(state.recent.get('00')?.seen).toEqual(new Set([id('2')]));
    expect(state.entropies.size).toBe(1);
    copy.recent.clear();
    expect(state.recent.size).toBe(1);
  });
});

describe('an entropy', () => {
  test.each([
    ['an hour after its reception', 3_600_000, true],
    ['a millisecond later', 3_600_001, false],
    ['ten seconds before its reception, while the group of the beacon is open', -10_000, true],
    ['a millisecond earlier', -10_001, false],
  ])('can be named by a beacon %s', (_, offset, found) => {
    const entropies = new Map([['aa', entropy(0)]]);
    expect(findEntropy(entropies, { data: 'aa', at: at(offset), windows }) !== undefined).toBe(found);
    expect(findEntropy(entropies, { data: 'bb', at: at(offset), windows })).toBeUndefined();
  });

  test('that came twice in one millisecond is the first one', () => {
    const [first, second] = [entropy(0), entropy(0)];
    const entropies = new Map<string, EntropyFact>();
    rememberEntropy(entropies, first);
    rememberEntropy(entropies, second);
    expect(entropies.get('aa') === first).toBe(true);
  });

  test.each([
    [3_610_000, 1],
    [3_610_001, 0],
  ])('is kept by whoever reads on for the hour and the ten seconds of an open group: %i ms', (time, kept) => {
    const entropies = new Map([['aa', entropy(0)]]);
    forgetEntropies(entropies, { time: at(time), windows });
    expect(entropies.size).toBe(kept);
  });

  test.each([
    ['received at the end', 0, true],
    ['received after the end', 1, false],
    ['an hour old at the end', -3_600_000, true],
    ['older than an hour at the end', -3_600_001, false],
  ])('is kept over the end of an epoch if %s', (_, received, kept) => {
    const state: PocState = { ...emptyPocState(), entropies: new Map([['aa', entropy(received)]]) };
    forgetBefore(state, { time: at(0), windows });
    expect(state.entropies.has('aa')).toBe(kept);
  });
});

describe('the order of records', () => {
  const place = (receivedAt: number, origin: string, index: number) => ({
    receivedAt: at(receivedAt),
    origin,
    index,
  });

  test.each([
    ['the time before all else', place(1, 'b', 9), place(2, 'a', 1)],
    ['the log before the index', place(1, 'a', 9), place(1, 'b', 1)],
    ['the index in one log and millisecond', place(1, 'a', 1), place(1, 'a', 9)],
  ])('is that of %s', (_, earlier, later) => {
    expect(comparePositions(earlier, later)).toBeLessThan(0);
    expect(comparePositions(later, earlier)).toBeGreaterThan(0);
    expect(comparePositions(later, { ...later })).toBe(0);
  });
});
