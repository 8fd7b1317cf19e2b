import { describe, expect, it } from 'vitest';
import { codeOf, outOf, type Input, type Value } from './support/ask.ts';
import { readVectors } from './support/read-vectors.ts';

const { poc } = readVectors('gateway-rs.json') as {
  readonly poc: readonly {
    readonly run: string;
    readonly entropy: { readonly data: string; readonly timestamp: number; readonly version: number };
    readonly beacon: { readonly raw: string };
    readonly channel_index: number;
    readonly channels: readonly number[];
    readonly frequency: number;
    readonly datarate: string;
    readonly tx_power_dbm: number;
  }[];
};

const remote = {
  data: 'b6aa3f80d9355f139d998626b8d1ff1776cda36ae11a10006a8d516546276b09',
  timestamp: 1_677_163_710,
  version: 0,
};
const local = { data: 'e94619b0', timestamp: 0, version: 0 };
const channel = (of: Readonly<Record<string, Value>> = {}) => ({
  channel_frequency: 867_500_000,
  bandwidth: 125_000,
  max_eirp: 161,
  spreading: [{ region_spreading: 'SF12', max_packet_size: 65 }],
  ...of,
});
const payload = (of: Input) => outOf('beacon.payload', { gain: 60, remote, local, ...of });

describe('beacons of real hotspots', () => {
  it.each(poc)(
    'of $run at $entropy.timestamp follow from their entropies',
    ({ run, entropy, beacon, ...sent }) => {
      const opened = outOf('report.open', { kind: 'beacon', bytes: beacon.raw });
      const isEurope = run !== 'us915';
      const derived = outOf('beacon.payload', {
        region: isEurope ? 'EU868' : 'US915',
        gain: isEurope ? 0 : 23,
        remote: entropy,
        local: { data: String(opened['local_entropy']), timestamp: 0, version: 0 },
      });
      const { data, frequency, datarate } = opened;
      expect(derived).toEqual({
        data,
        channel: sent.channel_index,
        frequency,
        datarate,
        tx_power: sent.tx_power_dbm,
      });
      expect([frequency, datarate]).toEqual([String(sent.frequency), sent.datarate]);
    },
  );
});

describe('a beacon', () => {
  it('hashes the local timestamp as 0, whatever it is, and takes versions 0 and 1 alike', () => {
    const out = payload({ region: 'EU868' });
    expect(payload({ region: 'EU868', local: { ...local, timestamp: 5, version: 1 } })).toEqual(out);
    expect(payload({ region: 'EU868', remote: { ...remote, version: 1, timestamp: '1677163710' } })).toEqual(
      out,
    );
    expect(payload({ region: 'EU868', remote: { ...remote, timestamp: 1_677_163_711 } })).not.toEqual(out);
    for (const change of [{ remote: { ...remote, version: 2 } }, { local: { ...local, version: 2 } }])
      expect(codeOf('beacon.payload', { region: 'EU868', gain: 60, remote, local, ...change })).toBe(
        'malformed_entropy',
      );
  });

  it('may follow from a plan that is given', () => {
    const eu = [867.1, 867.3, 867.5, 867.7, 867.9, 868.1, 868.3, 868.5].map((mhz) =>
      channel({ channel_frequency: Math.round(mhz * 1e6) }),
    );
    expect(payload({ params: eu })).toEqual(payload({ region: 'EU868' }));
    // One more channel, and the payload's first two bytes choose another.
    const nine = [...eu, channel({ channel_frequency: '869100000' })];
    expect(payload({ params: nine })).toMatchObject({ channel: (0x1c + 256 * 0x99) % 9 });
  });

  it('has the rate of the first spreading that carries it, under every name', () => {
    const rate = (spreading: Value, bandwidth = 125_000) =>
      payload({ params: [channel({ spreading, bandwidth })] })['datarate'];
    const short = { region_spreading: 'SF10', max_packet_size: 50 };
    for (const [name, value] of [
      ['region_spreading', 'SF9'],
      ['SF', 'SF9'],
      ['sf', 9],
      ['SF', 9],
      ['region_spreading', 3],
    ] as const)
      expect(rate([short, { [name]: value, max_packet_size: 51 }], 500_000)).toBe('SF9BW500');
  });

  it('has the power that the strongest channel leaves at its gain, cut towards zero', () => {
    const power = (gain: number) =>
      payload({ params: [channel({ max_eirp: 100 }), channel()], gain })['tx_power'];
    expect([161, 160, 152, 151, 60, 0, -9, -19].map(power)).toEqual([0, 0, 0, 1, 10, 16, 17, 18]);
    expect(power(170)).toBe(0);
    expect(codeOf('beacon.payload', { region: 'EU868', gain: 171, remote, local })).toBe('unsuitable_plan');
  });

  it.each<[string, Input, string]>([
    ['a region without a plan', { region: 'MOON' }, 'unknown_region'],
    ['neither region nor plan', {}, 'malformed_input'],
    ['a plan without channels', { params: [] }, 'malformed_input'],
    ['no spreading that carries it', { params: [channel({ spreading: [] })] }, 'unsuitable_plan'],
    [
      'a spreading without its factor',
      { params: [channel({ spreading: [{ max_packet_size: 65 }] })] },
      'malformed_input',
    ],
    [
      'a factor that is none',
      { params: [channel({ spreading: [{ SF: 13, max_packet_size: 65 }] })] },
      'malformed_input',
    ],
    [
      'a factor of two names',
      { params: [channel({ spreading: [{ SF: 12, sf: 12, max_packet_size: 65 }] })] },
      'malformed_input',
    ],
    ['a gain in text', { region: 'EU868', gain: '60' }, 'malformed_input'],
  ])('of %s is refused', (_, of, code) => {
    expect(codeOf('beacon.payload', { gain: 60, remote, local, ...of })).toBe(code);
  });
});
