import fc from 'fast-check';
import { openMatcher, type RouteEntries } from '#services/route/match/matcher';
import { openRangeMap, type RouteRange } from '#services/route/match/range-map';
import { describe, expect, it } from 'vitest';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const small = fc.integer({ min: 0, max: 40 });
const range = (address: fc.Arbitrary<number>): fc.Arbitrary<RouteRange> =>
  fc
    .tuple(address, address, fc.integer({ min: 0, max: 5 }))
    .map(([a, b, route]) => ({ first: Math.min(a, b), last: Math.max(a, b), route }));

describe('ranges of DevAddrs', () => {
  it('are found exactly as by looking at each, whatever was added and removed before', () => {
    for (const address of [small, u32])
      fc.assert(
        fc.property(
          fc.array(range(address), { maxLength: 60 }),
          fc.array(fc.nat(), { maxLength: 30 }),
          fc.array(address, { maxLength: 20 }),
          (added, removed, asked) => {
            const map = openRangeMap();
            const held: RouteRange[] = [];
            for (const each of added) {
              map.add(each);
              held.push(each);
            }
            for (const place of removed) {
              const [gone] = held.splice(held.length === 0 ? 0 : place % held.length, 1);
              if (gone !== undefined) expect(map.remove(gone)).toBe(true);
            }
            expect(map.size).toBe(held.length);
            const ends = held.flatMap(({ first, last }) => [first, last]);
            for (const at of [...asked, ...ends]) {
              const expected = held.filter(({ first, last }) => first <= at && at <= last);
              expect(map.find(at).sort()).toEqual(expected.map(({ route }) => route).sort());
            }
          },
        ),
      );
  });

  it('that are not there cannot be removed', () => {
    const map = openRangeMap();
    map.add({ first: 1, last: 5, route: 7 });
    expect(map.remove({ first: 1, last: 5, route: 8 })).toBe(false);
    expect(map.remove({ first: 1, last: 4, route: 7 })).toBe(false);
    expect(map.find(5)).toEqual([7]);
    expect(map.find(6)).toEqual([]);
  });

  it('hold both ends of the address space', () => {
    const map = openRangeMap();
    map.add({ first: 0, last: 0xffff_ffff, route: 1 });
    map.add({ first: 0xffff_ffff, last: 0xffff_ffff, route: 2 });
    map.add({ first: 0, last: 0, route: 3 });
    expect(map.find(0xffff_ffff).sort()).toEqual([1, 2]);
    expect(map.find(0).sort()).toEqual([1, 3]);
  });
});

describe('a join request', () => {
  const join = '00000000000000aa';
  const dev = '00000000000000bb';
  const euis = (...pairs: RouteEntries['euis']): RouteEntries => ({ devAddrs: [], euis: pairs });

  it('goes to who names the pair and to who takes any device of the JoinEUI, to each once', () => {
    const matcher = openMatcher();
    matcher.add(1, euis([join, dev]));
    matcher.add(2, euis([join, '*']));
    matcher.add(3, euis([join, dev], [join, '*']));
    matcher.add(4, euis(['00000000000000ab', '*']));
    expect([...matcher.byJoin(join, dev)].sort()).toEqual([1, 2, 3]);
    expect([...matcher.byJoin(join, '00000000000000bc')].sort()).toEqual([2, 3]);
    expect(matcher.byJoin('00000000000000ac', dev)).toEqual([]);
  });

  it('goes to nobody any more whose route was taken away', () => {
    const matcher = openMatcher();
    for (const route of [1, 2]) matcher.add(route, euis([join, dev]));
    matcher.remove(1, euis([join, dev]));
    expect(matcher.byJoin(join, dev)).toEqual([2]);
    matcher.remove(2, euis([join, dev]));
    expect(matcher.byJoin(join, dev)).toEqual([]);
    expect(matcher.size).toBe(0);
  });
});
