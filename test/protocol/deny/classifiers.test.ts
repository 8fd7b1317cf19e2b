import { describe, expect, it } from 'vitest';
import { classify } from '#protocol/deny/classify';
import { airtimeMs } from '#protocol/deny/classifiers/airtime';
import { observe, seenPoc } from '#protocol/deny/classifiers/observed';
import { median, quantile } from '#protocol/deny/classifiers/order-statistics';
import { epochNumber } from '#protocol/units';
import { EPOCH, hotspot, NOON, PocWorld } from '../../support/poc-world.ts';
import { SeenWorld, USUAL_LAG, type SeenReport } from '../../support/seen-world.ts';

/** What is found, as text. */
function found(world: SeenWorld): readonly string[] {
  return classify(world.observed()).map(({ reason, accused }) => `${reason} ${accused.join(' ')}`);
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);
const many = (count: number, metres: (at: number) => number, first = 100) =>
  numbers(count).map((at) => hotspot(first + at, { metres: metres(at) }));
/** Fixed numbers that look like any: what a place does to a path. */
const rough = (a: number, b: number): number => ((a * 7919 + b * 104_729 + a * b * 613) % 301) - 150;

describe('payload_far_apart', () => {
  const near = many(6, (at) => 1000 * at);
  const far = hotspot(1, { metres: 400_000 });

  /** So many beacons of those nearby, each received by two others nearby and by the far one. */
  function heardFar(beacons: number, of: Partial<SeenReport> = {}): SeenWorld {
    const world = new SeenWorld();
    for (const at of numbers(beacons)) {
      const [from, ...others] = [...near.slice(at % 3), ...near.slice(0, at % 3)];
      if (from === undefined) continue;
      world.beacon(from, [...others.slice(0, 2).map((by) => ({ by })), { by: far, signal: null, ...of }]);
    }
    return world;
  }

  it('names who stands apart from the others eight times, and not seven', () => {
    expect(found(heardFar(8))).toEqual([`payload_far_apart ${far.key}`]);
    expect(found(heardFar(7))).toEqual([]);
  });

  it('does not count reports that a frame sent again nearby would explain, or of another log', () => {
    expect(found(heardFar(8, { lag: USUAL_LAG + 2_464 }))).toEqual([`payload_far_apart ${far.key}`]);
    expect(found(heardFar(8, { lag: USUAL_LAG + 2_465 }))).toEqual([]);
    expect(found(heardFar(8, { origin: 'other/log' }))).toEqual([]);
  });

  it('does not name who shares most payloads with others nearby', () => {
    const neighbours = many(3, (at) => 401_000 + 1000 * at, 200);
    const heard = (times: number): SeenWorld => {
      const world = heardFar(8);
      for (const at of numbers(times)) {
        const [from] = neighbours.slice(at % 3);
        if (from !== undefined) world.beacon(from, [{ by: far }]);
      }
      return world;
    };
    expect(found(heard(24))).toEqual([`payload_far_apart ${far.key}`]);
    expect(found(heard(25))).toEqual([]);
  });

  it('believes no party of software keys', () => {
    const world = new SeenWorld();
    const open = near.map((facts) => ({ ...facts, tier: 'open' as const }));
    for (const at of numbers(12)) {
      const [from, ...others] = [...open.slice(at % 3), ...open.slice(0, at % 3)];
      if (from !== undefined)
        world.beacon(
          from,
          [...others, far].map((by) => ({ by, signal: by === far ? null : -1100 })),
        );
    }
    expect(found(world)).toEqual([]);
  });

  it('names a beaconer whom nobody nearby hears, but a party far away', () => {
    const world = new SeenWorld();
    for (const at of numbers(8))
      world.beacon(
        far,
        near.slice(at % 3, (at % 3) + 3).map((by) => ({ by, signal: null })),
      );
    expect(found(world)).toEqual([`payload_far_apart ${far.key}`]);
  });

  it('names the one who says that it stands elsewhere, and not those who only hear it', () => {
    // Three forwarders stand around the asserted place and sign what is heard around the true one.
    const forwarders = many(3, (at) => 401_000 + 1000 * at, 300);
    const world = heardFar(12);
    for (const at of numbers(12)) {
      world.beacon(
        far,
        [...near, ...forwarders.slice(at % 2)].map((by) => ({ by, signal: null })),
      );
      const [from, ...others] = [...near.slice(at % 6), ...near.slice(0, at % 6)];
      if (from !== undefined)
        world.beacon(from, [
          ...others.map((by) => ({ by })),
          ...forwarders.map((by) => ({ by, signal: null })),
        ]);
    }
    const names = found(world);
    for (const { key } of [far, ...forwarders]) expect(names).toContain(`payload_far_apart ${key}`);
    expect(names).toHaveLength(4);
  });
});

describe('impossible_lag', () => {
  const [early, friend] = [hotspot(6), hotspot(7, { metres: 1000 })];
  const others = many(6, (at) => 2000 + 1000 * at);

  /** Sixteen frames of others on time, and eight of the friend with the lags that are asked for. */
  function lags(of: (at: number) => number, usual: (at: number) => number = () => USUAL_LAG): SeenWorld {
    const world = new SeenWorld();
    for (const at of numbers(16)) {
      const [from, ...rest] = [...others.slice(at % 4), ...others.slice(0, at % 4)];
      const witnesses = rest.map((by, order) => ({ by, lag: USUAL_LAG + 40 * order }));
      if (from !== undefined) world.beacon(from, [...witnesses, { by: early, lag: usual(at) }]);
    }
    for (const at of numbers(8))
      world.beacon(friend, [
        ...others.map((by, order) => ({ by, lag: USUAL_LAG + 40 * order })),
        { by: early, lag: of(at) },
      ]);
    return world;
  }
  const pair = `impossible_lag ${[early.key, friend.key].sort().join(' ')}`;

  it('names a pair whose witness is early by more than half a frame, all but one time in eight', () => {
    expect(found(lags(() => 100))).toEqual([pair]);
    expect(found(lags((at) => (at === 3 ? USUAL_LAG : 100)))).toEqual([pair]);
    expect(found(lags((at) => (at === 3 || at === 5 ? USUAL_LAG : 100)))).toEqual([]);
    expect(found(lags(() => USUAL_LAG - 1_100))).toEqual([]);
  });

  it.each([
    ['slow everywhere', 2_000, USUAL_LAG + 2_000],
    ['early everywhere else', -USUAL_LAG, USUAL_LAG],
  ])("does not name who is with company alone that is %s, in one beaconer's frames", (_, usually, then) => {
    const company = many(3, (at) => 9_000 + 1000 * at, 150);
    const world = new SeenWorld();
    const companyAt = (lag: number): readonly SeenReport[] => company.map((by) => ({ by, lag }));
    for (const at of numbers(16))
      world.beacon(hotspot(40 + (at % 4)), [
        ...others.map((by) => ({ by })),
        ...companyAt(USUAL_LAG + usually),
        { by: early },
      ]);
    for (const at of numbers(8)) world.beacon(friend, [...companyAt(then + at), { by: early }]);
    expect(found(world)).toEqual([]);
  });

  it('does not name who is quick in all frames, or a beaconer whose own report comes late', () => {
    expect(
      found(
        lags(
          () => 100,
          () => 100,
        ),
      ),
    ).toEqual([]);
    const world = new SeenWorld();
    for (const at of numbers(24)) {
      const late = at % 3 === 0 ? -3_000 : 0;
      const from = at % 3 === 0 ? friend : others[at % 3];
      if (from !== undefined)
        world.beacon(
          from,
          [early, ...others].filter((by) => by !== from).map((by) => ({ by, lag: USUAL_LAG + late })),
        );
    }
    expect(found(world)).toEqual([]);
  });
});

describe('rssi_without_distance', () => {
  const beaconers = many(12, (at) => 700 * at + 300, 400);

  /** Everybody hears every beaconer three times, by a path of its own. */
  function listening(
    listeners: readonly (readonly [listener: ReturnType<typeof hotspot>, path: number])[],
  ): SeenWorld {
    const world = new SeenWorld();
    for (const [at, from] of beaconers.entries())
      for (const times of numbers(3))
        world.beacon(
          from,
          listeners.map(([by, path]) => ({ by, signal: -1000 + rough(path, at) + 10 * times })),
        );
    return world;
  }
  const room = many(5, (at) => 1500 * at + 20_000, 500);

  it('names pairs of five who hear everybody alike and say that they are apart', () => {
    const pairs = found(listening(room.map((by) => [by, 5])));
    expect(pairs).toHaveLength(10);
    for (const pair of pairs) expect(pair).toMatch(/^rssi_without_distance 01000001f\d.* 01000001f\d/);
  });

  it('does not name four, or five with paths of their own, or five at one asserted place', () => {
    expect(found(listening(room.slice(0, 4).map((by) => [by, 5])))).toEqual([]);
    expect(found(listening(room.map((by, at) => [by, 5 + at])))).toEqual([]);
    const together = many(5, (at) => 20_000 + 200 * at, 500);
    expect(found(listening(together.map((by) => [by, 5])))).toEqual([]);
  });

  it('names pairs who hear hardly anybody but each other, each through its own cable, and not who hears them too', () => {
    const cabled = many(10, (at) => 1500 * at + 20_000, 500).map((by, at) => ({
      by,
      loss: 300 + rough(at, 3),
    }));
    const outsiders = many(5, (at) => 26_000 + 5_000 * at, 550).map((by) => ({ by, loss: 600 }));
    const world = new SeenWorld();
    for (const from of cabled)
      for (const times of numbers(3))
        world.beacon(
          from.by,
          [...cabled, ...outsiders]
            .filter(({ by }) => by !== from.by)
            .map(({ by, loss }) => ({ by, signal: -300 - from.loss - loss + times })),
        );
    for (const [at, from] of outsiders.entries())
      for (const times of numbers(3))
        world.beacon(
          from.by,
          outsiders
            .filter(({ by }) => by !== from.by)
            .map(({ by }, order) => ({ by, signal: -1000 + rough(at, order) + times })),
        );
    const pairs = found(world);
    expect(pairs.length).toBeGreaterThanOrEqual(45);
    const isOutsider = (key: string): boolean => outsiders.some(({ by }) => by.key === key);
    expect(pairs.filter((pair) => pair.split(' ').slice(1).every(isOutsider))).toEqual([]);
  });

  it('names who hears eight far ones and none of the ten around its asserted place', () => {
    const around = many(10, (at) => 100_000 + 450 * (at - 5), 600);
    const elsewhere = many(8, (at) => 120_000 + 500 * at, 700);
    const spoofer = hotspot(2, { metres: 100_100 });
    const heard = (contacts: number): SeenWorld => {
      const world = new SeenWorld();
      for (const times of numbers(3)) {
        for (const [at, from] of around.entries())
          world.beacon(from, [
            ...elsewhere.slice(0, 3).map((by) => ({ by, signal: -1200 - times })),
            ...(at < contacts ? [{ by: spoofer }] : []),
          ]);
        for (const from of elsewhere) world.beacon(from, [{ by: spoofer, signal: -900 - times }]);
      }
      return world;
    };
    expect(found(heard(1))).toEqual([`rssi_without_distance ${spoofer.key}`]);
    expect(found(heard(2))).toEqual([]);
  });
});

describe('rssi_not_mutual', () => {
  const partners = many(20, (at) => 600 * at + 500, 800);
  const liar = hotspot(3);

  /** Paths to all partners, and what the hotspot in question says of them. */
  function mutual(says: (path: number, at: number) => number, count = 20): SeenWorld {
    const world = new SeenWorld();
    for (const [at, partner] of partners.slice(0, count).entries())
      for (const times of numbers(3)) {
        const path = 2 * rough(at, 3);
        world.beacon(liar, [{ by: partner, signal: -1000 + path + times, margin: 300 - path - times }]);
        const said = says(path, at) + times;
        world.beacon(partner, [{ by: liar, signal: -1000 + said, margin: 300 - said }]);
      }
    return world;
  }

  it('names who reports the same of everybody, or anything, to twenty partners', () => {
    expect(found(mutual(() => 0))).toEqual([`rssi_not_mutual ${liar.key}`]);
    expect(found(mutual((_, at) => 2 * rough(at, 9)))).toEqual([`rssi_not_mutual ${liar.key}`]);
    expect(found(mutual(() => 0, 19))).toEqual([]);
  });

  it('does not name who errs by the same amount for everybody, or a little for each', () => {
    expect(found(mutual((path) => path + 150))).toEqual([]);
    expect(found(mutual((path, at) => path + rough(at, 5) / 5))).toEqual([]);
  });
});

describe('never_reciprocates', () => {
  const neighbours = many(6, (at) => 900 * at + 500, 900);
  const weak = many(3, (at) => 9_000 + 900 * at, 950);
  const silent = hotspot(4);

  function silentFor(by: readonly ReturnType<typeof hotspot>[], signal = -1000): SeenWorld {
    const world = new SeenWorld();
    for (const times of numbers(8)) {
      world.beacon(
        silent,
        by.map((witness) => ({ by: witness, signal: signal - times })),
      );
      for (const neighbour of neighbours) world.beacon(neighbour, [{ by: silent, signal: signal + times }]);
      for (const from of weak)
        world.beacon(
          from,
          neighbours.map((witness) => ({ by: witness, signal: -1200 })),
        );
    }
    return world;
  }
  const friend = hotspot(5, { metres: 2_000 });

  it('names who hears six neighbours well, and is heard by one of them at most, whoever else claims to', () => {
    expect(found(silentFor([friend]))).toEqual([`never_reciprocates ${silent.key}`]);
    expect(found(silentFor([friend, ...neighbours.slice(0, 1)]))).toEqual([
      `never_reciprocates ${silent.key}`,
    ]);
  });

  it('does not name who is heard by two, or whom its neighbours may hear too weakly', () => {
    expect(found(silentFor([friend, ...neighbours.slice(0, 2)]))).toEqual([]);
    expect(found(silentFor([friend], -1010))).toEqual([]);
  });
});

describe('what classifiers read', () => {
  it('is who received whose own payload, with the numbers of the verdicts', () => {
    const [from, by] = [hotspot(1), hotspot(2, { metres: 4000 })];
    const world = new PocWorld([from, by]);
    const beacon = world.beacon(from, { at: NOON + 1000 });
    const witness = world.witness(by, beacon, { at: NOON + 3500, signal: -1100 });
    const registry = world.registry;
    const [verdict] = world.judge(beacon, witness);
    if (verdict === undefined) throw new Error('no verdict');
    const numbers = verdict.witnesses[0]?.numbers ?? {};
    const seen = seenPoc(verdict, { epoch: EPOCH, registry });
    expect(seen).toMatchObject({ key: from.key, witnesses: [{ key: by.key, signal: -1100 }] });
    expect(seen?.witnesses[0]?.margin).toBe(Number(numbers['bound_ddbm']) + 1100);
    const forged = {
      ...verdict,
      beacon: verdict.beacon && { ...verdict.beacon, reason: 'invalid_packet' as const },
    };
    expect(seenPoc(forged, { epoch: EPOCH, registry })).toBeNull();
  });

  it('is nothing from before a hotspot moved or changed its antenna', () => {
    const world = new SeenWorld();
    const [from, by] = [hotspot(1), hotspot(2, { metres: 4000 })];
    world.beacon(from, [{ by }]);
    const { policy, pocs, hotspots } = world.observed();
    const receptions = (now: typeof by): number => {
      const later = { epoch: epochNumber(1n), registry: new Map(hotspots).set(by.key, now), pocs: [] };
      const epochs = [{ epoch: epochNumber(0n), registry: hotspots, pocs }, later];
      return observe({ policy, epochs }).heard.get(by.key)?.get(from.key)?.length ?? 0;
    };
    expect(receptions({ ...by, tier: 'bonded' })).toBe(1);
    expect(receptions(hotspot(2, { metres: 90_000 }))).toBe(0);
    expect(receptions({ ...by, gain: by.gain + 1 })).toBe(0);
  });
});

describe('order and time', () => {
  it('take values, not means, and whole milliseconds', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), quantile([4, 1, 2, 3], 3, 4)]).toEqual([2, 2, 3]);
    expect(median([])).toBeNaN();
    const frame = (factor: number): number => airtimeMs({ factor, bandwidth: 125_000, bytes: 52 });
    expect([frame(12), frame(9), frame(7)]).toEqual([2465, 328, 102]);
  });
});
