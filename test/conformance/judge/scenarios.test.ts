import { describe, expect, it } from 'vitest';
import {
  beaconLine,
  ENTROPY,
  judge,
  keyNumber,
  NOON,
  placeEast,
  summary,
  witnessLine,
  type Clocks,
  type Judged,
} from './poc-lines.ts';

const HOUR = 3_600_000;
const [A, B, C] = [keyNumber(1), keyNumber(2), keyNumber(3)];
const hotspots = { [A]: placeEast(0), [B]: placeEast(2000), [C]: placeEast(-2000) };

/** A network whose state goes from one line to the next. */
class Network {
  state: Clocks = {};

  /** Somebody beacons so many hours after noon and is heard two seconds later, a millisecond apart. */
  beacon(
    key: string,
    of: {
      readonly hours: number;
      readonly by: readonly string[];
      readonly epoch?: number;
      readonly late?: number;
    },
  ): Judged {
    const entropy_s = (NOON + of.hours * HOUR) / 1000;
    const sent = beaconLine(key, { entropy_s });
    const line = { ...sent, received_ms: sent.received_ms + (of.late ?? 0) };
    const judged = judge({
      hotspots,
      beacon: line,
      witnesses: of.by.map((witness, at) =>
        witnessLine(witness, line, { received_ms: line.received_ms + 2000 + at }),
      ),
      entropy: { ...ENTROPY, timestamp_s: entropy_s },
      state: this.state,
      epoch: of.epoch ?? 2,
    });
    this.state = judged.state;
    return judged;
  }
}

/** A second after so many hours, when beacons of `Network` are received; their witnesses two seconds later. */
const at = (hours: number, more = 0): number => NOON + hours * HOUR + 1000 + more;

describe('three hotspots over some days', () => {
  it('start without clocks, hear each other, and are asked for reciprocity from epoch 2 on', () => {
    const network = new Network();
    expect(summary(network.beacon(A, { hours: 0, by: [B, C], epoch: 1 }))).toEqual([
      'valid',
      'selected',
      'selected',
    ]);
    expect(network.state).toEqual({
      last_beacon: { [A]: at(0) },
      last_beacon_recip: { [A]: at(0) },
      last_witness: { [B]: at(0, 2000), [C]: at(0, 2001) },
    });
    // C was never heard: it may not be paid for hearing B, and was a valid witness all the same.
    expect(summary(network.beacon(B, { hours: 24, by: [A, C] }))).toEqual([
      'valid',
      'selected',
      'gateway_no_valid_beacons witness',
    ]);
    expect(network.state).toEqual({
      last_beacon: { [A]: at(0), [B]: at(24) },
      last_beacon_recip: { [A]: at(0), [B]: at(24) },
      last_witness: { [A]: at(24, 2000), [B]: at(0, 2000), [C]: at(24, 2001) },
    });
    // C was a witness, and is heard from here on.
    expect(summary(network.beacon(C, { hours: 25, by: [A, B] }))).toEqual(['valid', 'selected', 'selected']);
    expect(summary(network.beacon(B, { hours: 30, by: [C, A] }))).toEqual(['valid', 'selected', 'selected']);
    expect(network.state).toEqual({
      last_beacon: { [A]: at(0), [B]: at(30), [C]: at(25) },
      last_beacon_recip: { [A]: at(0), [B]: at(30), [C]: at(25) },
      last_witness: { [A]: at(30, 2001), [B]: at(25, 2001), [C]: at(30, 2000) },
    });
  });

  it('never heard anybody, and nobody is paid in epoch 2: but those who hear may be heard afterwards', () => {
    const network = new Network();
    const refused = 'gateway_no_valid_witnesses';
    expect(summary(network.beacon(A, { hours: 0, by: [B] }))).toEqual([refused, `${refused} beaconer`]);
    // Checks 1 to 7 passed and B is another: A was heard; B passed 0 to 14: it was a valid witness.
    expect(network.state).toEqual({
      last_beacon: { [A]: at(0) },
      last_beacon_recip: { [A]: at(0) },
      last_witness: { [B]: at(0, 2000) },
    });
    expect(summary(network.beacon(B, { hours: 1, by: [A] }))).toEqual(['valid', 'selected']);
    expect(summary(network.beacon(A, { hours: 6, by: [B] }))).toEqual(['valid', 'selected']);
  });

  it('beacon once per interval, and one too many moves only the interval', () => {
    const network = new Network();
    network.beacon(A, { hours: 0, by: [B, C], epoch: 1 });
    const before = network.state;
    const twice = network.beacon(A, { hours: 5, by: [B, C] });
    expect(summary(twice)).toEqual([
      'irregular_interval',
      'irregular_interval beaconer',
      'irregular_interval beaconer',
    ]);
    expect(twice.units).toEqual({ beacon: '0.0000', witness: '0.0000' });
    expect(network.state).toEqual({ ...before, last_beacon: { [A]: at(5) } });
    // It was in the same bucket: the next bucket is free.
    expect(summary(network.beacon(A, { hours: 6, by: [B], epoch: 1 }))).toEqual(['valid', 'selected']);
  });

  it('cannot lose an interval to an old beacon that somebody sends again', () => {
    const network = new Network();
    const again = network.beacon(A, { hours: 0, by: [B], epoch: 1, late: 7 * HOUR });
    expect(summary(again)).toEqual(['entropy_expired', 'entropy_expired beaconer']);
    expect(network.state).toEqual({ last_beacon: {}, last_beacon_recip: {}, last_witness: {} });
    expect(summary(network.beacon(A, { hours: 8, by: [B], epoch: 1 }))).toEqual(['valid', 'selected']);
  });

  it('are not heard by themselves, by strangers or by those who come too late', () => {
    const network = new Network();
    const stranger = keyNumber(9);
    network.beacon(A, { hours: 0, by: [A, stranger], epoch: 1 });
    expect(network.state).toEqual({ last_beacon: { [A]: at(0) }, last_beacon_recip: {}, last_witness: {} });
    const beacon = beaconLine(A, { entropy_s: NOON / 1000 + 6 * 3600 });
    const late = judge({
      hotspots,
      beacon,
      entropy: { ...ENTROPY, timestamp_s: NOON / 1000 + 6 * 3600 },
      witnesses: [witnessLine(B, beacon, { received_ms: beacon.received_ms + 10_001 })],
      state: network.state,
      epoch: 1,
    });
    expect(late.state).toEqual({ last_beacon: { [A]: at(6) }, last_beacon_recip: {}, last_witness: {} });
    // One that is attached is enough, whatever its verdict.
    const deaf = { ...hotspots, [B]: placeEast(2000, { full: false }) };
    const heard = judge({
      hotspots: deaf,
      beacon,
      entropy: { ...ENTROPY, timestamp_s: NOON / 1000 + 6 * 3600 },
      witnesses: [witnessLine(B, beacon)],
      state: {},
      epoch: 1,
    });
    expect(summary(heard)).toEqual(['valid', 'invalid_capability witness']);
    expect(heard.state.last_beacon_recip).toEqual({ [A]: at(6) });
  });

  it('forget each other after 48 hours, to the millisecond', () => {
    const network = new Network();
    network.beacon(A, { hours: 0, by: [B], epoch: 1 });
    network.beacon(B, { hours: 0, by: [A], epoch: 1 });
    // Both were heard at second 1 and were witnesses at second 3. 48 hours after second 1 A's report is too old by 2 s.
    const later = new Network();
    later.state = network.state;
    expect(summary(network.beacon(A, { hours: 48, by: [B] }))).toEqual([
      'valid',
      'gateway_no_valid_beacons witness',
    ]);
    expect(summary(later.beacon(A, { hours: 48, by: [B], late: 2000 }))).toEqual([
      'gateway_no_valid_witnesses',
      'gateway_no_valid_witnesses beaconer',
    ]);
    expect(later.state.last_witness?.[B]).toBe(at(48, 4000));
    expect(later.state.last_beacon_recip?.[A]).toBe(at(48, 2000));
  });

  it('keep clocks that are ahead, and those of keys that take no part', () => {
    const network = new Network();
    const far = at(1000);
    const other = keyNumber(77);
    network.state = {
      last_beacon: { [other]: 5 },
      last_beacon_recip: { [A]: far, [B]: far },
      last_witness: { [A]: far, [B]: far },
    };
    expect(summary(network.beacon(A, { hours: 0, by: [B] }))).toEqual(['valid', 'selected']);
    expect(network.state).toEqual({
      last_beacon: { [A]: at(0), [other]: 5 },
      last_beacon_recip: { [A]: far, [B]: far },
      last_witness: { [A]: far, [B]: far },
    });
  });

  it('are judged alone: a line that is asked again gives the same answer', () => {
    const [one, two] = [new Network(), new Network()];
    const of = { hours: 0, by: [B, C], epoch: 1 };
    expect(one.beacon(A, of)).toEqual(two.beacon(A, of));
  });
});
