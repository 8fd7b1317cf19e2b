import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { airtimeMs as rulesAirtime } from '#protocol/deny/classifiers/airtime';
import { virtualClock } from '#services/simulate/medium/clock';
import { openConcentrator } from '#services/simulate/medium/concentrator';
import { attachDevice } from '#services/simulate/medium/device';
import {
  openMedium,
  outcomeAt,
  type Frame,
  type Heard,
  type Transmission,
} from '#services/simulate/medium/medium';
import { freeSpaceLoss, metresBetween, placeAt } from '#services/simulate/medium/place';
import { airtimeMs, pathLoss, receive, type Antenna } from '#services/simulate/medium/radio';

const BERLIN = { latitude: 52.52, longitude: 13.405 };
const START = 1_790_000_000_000;
const FACTORS = [7, 8, 9, 10, 11, 12] as const;

function antenna(metres: number, degrees = 90): Antenna {
  return { place: placeAt(BERLIN, metres, degrees), elevation: 30, gain: 12 };
}

function frame(of: Partial<Frame> = {}): Frame {
  const payload = Uint8Array.of(0xe0, ...new Uint8Array(51));
  return { payload, frequency: 868_100_000, datarate: 'SF12BW125', txPower: 14, inverted: false, ...of };
}

const place = fc.record({
  metres: fc.integer({ min: 0, max: 20_000 }),
  degrees: fc.integer({ min: 0, max: 359 }),
});

describe('a path', () => {
  it('takes the same in both directions, whenever it is asked, and never less than free space', () => {
    fc.assert(
      fc.property(place, place, fc.string(), (a, b, seed) => {
        const [from, to] = [antenna(a.metres, a.degrees), antenna(b.metres, b.degrees)];
        const loss = pathLoss({ from, to, seed, frequency: 868_100_000 });
        expect(pathLoss({ from: to, to: from, seed, frequency: 868_100_000 })).toBe(loss);
        const metres = metresBetween(from.place, to.place);
        expect(loss).toBeGreaterThanOrEqual(freeSpaceLoss(metres, 868_100_000) + 3);
      }),
    );
  });

  it('takes the same to all antennas of a room, but for their cables', () => {
    const far = antenna(4_000);
    const loss = (attenuation: number): number =>
      pathLoss({ from: far, to: { ...antenna(0), attenuation }, seed: '1', frequency: 868_100_000 });
    expect(loss(30) - loss(0)).toBeCloseTo(30, 9);
  });

  it('differs from place to place by more than a device errs: walls are not alike', () => {
    const excess = Array.from({ length: 200 }, (_, at) => {
      const to = antenna(1_000, at);
      return (
        pathLoss({ from: antenna(0), to, seed: '1', frequency: 868_100_000 }) -
        freeSpaceLoss(1_000, 868_100_000)
      );
    });
    const mean = excess.reduce((sum, each) => sum + each, 0) / excess.length;
    const deviation = Math.sqrt(excess.reduce((sum, each) => sum + (each - mean) ** 2, 0) / excess.length);
    expect(deviation).toBeGreaterThan(4);
    expect(deviation).toBeLessThan(8);
  });
});

describe('a receiver', () => {
  it('makes out slower frames further, to the SNR of each spreading factor', () => {
    const weakest = FACTORS.map((factor) => {
      const heard = Array.from({ length: 80 }, (_, at) =>
        receive({
          frame: frame({ datarate: `SF${factor}BW125`, txPower: 14 - at }),
          from: antenna(0),
          to: antenna(1_000),
          seed: '1',
        }),
      ).flatMap((reception) => reception ?? []);
      return heard.at(-1)?.rssi ?? 0;
    });
    expect(weakest).toEqual([-123, -126, -129, -132, -134, -137]);
  });

  it('says whole dBm and quarters of a dB, and no more than 12 dB of SNR', () => {
    fc.assert(
      fc.property(place, (at) => {
        const reception = receive({
          frame: frame(),
          from: antenna(0),
          to: antenna(at.metres, at.degrees),
          seed: '1',
        });
        if (reception === null) return;
        expect(Number.isInteger(reception.rssi)).toBe(true);
        expect(Number.isInteger(4 * reception.snr)).toBe(true);
        expect(reception.snr).toBeLessThanOrEqual(12);
        expect(reception.snr).toBeGreaterThanOrEqual(-20);
      }),
    );
  });
});

describe('the airtime', () => {
  it('is that of the rules for every data rate and length', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...FACTORS),
        fc.constantFrom(125, 250, 500),
        fc.integer({ min: 1, max: 255 }),
        (factor, bandwidth, bytes) => {
          const rules = rulesAirtime({ factor, bandwidth: 1000 * bandwidth, bytes });
          expect(Math.abs(airtimeMs(`SF${factor}BW${bandwidth}`, bytes) - rules)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('two frames at once', () => {
  const [near, far, to] = [antenna(500), antenna(4_000, 200), antenna(0)];
  const sent = (from: Antenna, of: Partial<Frame> = {}, begin = 0): Transmission => ({
    frame: frame(of),
    from,
    begin,
    end: begin + 2_466,
  });
  const rssiOf = (transmission: Transmission): number =>
    receive({ frame: transmission.frame, from: transmission.from, to, seed: '1' })?.rssi ?? -Infinity;

  it('on one channel and spreading factor: the one that is stronger by 6 dB survives, else none', () => {
    const weak = sent(far);
    for (let power = -20; power <= 14; power += 1) {
      const strong = sent(near, { txPower: power }, 1_000);
      const both = [weak, strong];
      const difference = rssiOf(strong) - rssiOf(weak);
      const outcome = (of: Transmission) => outcomeAt({ sent: of, to, others: both, seed: '1' });
      expect(outcome(strong) !== 'collided').toBe(difference >= 6);
      expect(outcome(weak) !== 'collided').toBe(difference <= -6);
    }
  });

  it.each([
    ['channels', { frequency: 868_300_000 }],
    ['spreading factors', { datarate: 'SF9BW125' }],
    ['polarities', { inverted: true }],
  ])('on two %s do not disturb each other', (_, other) => {
    const [one, two] = [sent(far), sent(near, other, 1_000)];
    expect(outcomeAt({ sent: one, to, others: [one, two], seed: '1' })).toMatchObject({ rssi: rssiOf(one) });
  });

  it('are both lost to nobody where one ends when the other begins', () => {
    const [one, two] = [sent(far), sent(near, {}, 2_466)];
    expect(outcomeAt({ sent: one, to, others: [one, two], seed: '1' })).toMatchObject({ rssi: rssiOf(one) });
  });

  it('leave their senders deaf to each other', async () => {
    const clock = virtualClock(START);
    const medium = openMedium({ clock, seed: '1' });
    const heard: string[] = [];
    const open = (name: string, at: Antenna) =>
      openConcentrator({ medium, antenna: at, heard: () => heard.push(name) });
    const [a, b] = [open('a', near), open('b', far)];
    open('c', to);
    a.send(frame());
    clock.after(1_000, () => b.send(frame({ frequency: 868_300_000 })));
    await clock.runUntil(START + 10_000);
    expect(heard).toEqual(['c', 'c']);
    expect(medium.counts).toMatchObject({ frames: 2, heard: 2, deafened: 2, collided: 0 });
  });
});

describe('a device of class A', () => {
  const rx2 = { frequency: 869_525_000, datarate: 'SF9BW125' };
  const uplink = {
    payload: Uint8Array.of(0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    frequency: 868_300_000,
    datarate: 'SF7BW125',
    txPower: 14,
  };

  async function answered(of: {
    readonly after: number;
    readonly down: Partial<Frame>;
    readonly rx1DelayMs?: number;
  }) {
    const clock = virtualClock(START);
    const medium = openMedium({ clock, seed: '1' });
    const downlinks: (Heard & { readonly window: 1 | 2 })[] = [];
    const device = attachDevice(medium, {
      place: placeAt(BERLIN, 800, 10),
      rx2,
      onDownlink: (downlink) => downlinks.push(downlink),
    });
    const gateway = openConcentrator({
      medium,
      antenna: antenna(0),
      heard: ({ tmst, frame: { payload } }) => {
        expect(payload).toEqual(uplink.payload);
        gateway.send(frame({ ...uplink, inverted: true, ...of.down }), tmst + 1000 * of.after);
      },
    });
    const { rx1DelayMs } = of;
    device.transmit({ ...uplink, ...(rx1DelayMs === undefined ? {} : { rx1DelayMs }) });
    await clock.runUntil(START + 20_000);
    return downlinks;
  }

  it('hears in its first window what was sent a second after its uplink', async () => {
    expect(await answered({ after: 1_000, down: {} })).toMatchObject([{ window: 1 }]);
  });

  it('hears in its second window what has that one setting', async () => {
    expect(await answered({ after: 2_000, down: rx2 })).toMatchObject([{ window: 2, frame: rx2 }]);
  });

  it('opens the windows of a join after 5 s', async () => {
    expect(await answered({ after: 5_000, down: {}, rx1DelayMs: 5_000 })).toMatchObject([{ window: 1 }]);
    expect(await answered({ after: 1_000, down: {}, rx1DelayMs: 5_000 })).toEqual([]);
  });

  it.each([
    ['too early', { after: 970, down: {} }],
    ['too late', { after: 1_030, down: {} }],
    ['on another channel', { after: 1_000, down: { frequency: 868_100_000 } }],
    ['at another data rate', { after: 1_000, down: { datarate: 'SF8BW125' } }],
    ['as uplinks are, not inverted', { after: 1_000, down: { inverted: false } }],
    ['with the first setting in the second window', { after: 2_000, down: {} }],
  ])('is deaf to what is sent %s', async (_, of) => {
    expect(await answered(of)).toEqual([]);
  });
});
