import { describe, expect, it } from 'vitest';
import { codeOf, outOf, type Input, type Value } from './support/ask.ts';

interface Rewards {
  readonly amounts: readonly {
    readonly key: string;
    readonly beacon: string;
    readonly witness: string;
    readonly data: string;
  }[];
  readonly unallocated: { readonly poc: string; readonly capped: string; readonly delegators: string };
  readonly operations: string;
  readonly oracles: string;
  readonly minted: string;
  readonly rates: { readonly beacon: string; readonly open: { readonly beacon: string } };
}

const share = (key: string, of: Readonly<Record<string, Value>> = {}) => ({
  key,
  beacon: '0',
  witness: '0',
  credits: '0',
  ...of,
});
const rewards = (of: Input): Rewards =>
  outOf('reward.epoch', { emission: '1000000', price: '3590000', ...of }) as unknown as Rewards;
const beaconOf = (value: Value) =>
  rewards({ shares: [share('a', { beacon: value }), share('b', { beacon: '1' })] }).amounts[0]?.beacon;

describe('the rewards of an epoch', () => {
  it('add up to the emission but for roundings, whoever takes part', () => {
    const shares = [
      share('a', { beacon: '0.0417', witness: '1.25' }),
      share('b', { beacon: '1', credits: '3', tier: 'open' }),
      share('c', { witness: '0.00000001' }),
    ];
    const { amounts, unallocated, operations, oracles, minted } = rewards({
      emission: '618340943683',
      shares,
    });
    const paid = amounts
      .flatMap(({ beacon, witness, data }) => [beacon, witness, data].map(BigInt))
      .reduce((sum, value) => sum + value, 0n);
    expect(paid + BigInt(operations) + BigInt(oracles)).toBe(BigInt(minted));
    const rest = BigInt(unallocated.poc) + BigInt(unallocated.delegators);
    const lost = 618_340_943_683n - BigInt(minted) - rest;
    expect(lost).toBeGreaterThanOrEqual(0n);
    expect(lost).toBeLessThan(4n);
  });

  /** The shares of helium/oracles' reward_share.rs with its fractional data shares, worked out with exact fractions. */
  it.each([
    {
      of: 'more data than its pool can pay',
      credits: ['1109921.9', '1109921.9', '1109921.9', '0', '1109921.9', '8879375.2'],
      paid: [
        ['815394651', '19356759976', '25764205986'],
        ['16307893020', '35487393289', '25764205986'],
        ['6115459882', '25809013301', '25764205986'],
        ['0', '0', '0'],
        ['1630789302', '45165773277', '25764205986'],
        ['12230919765', '22582886638', '206113647894'],
      ],
    },
    {
      of: 'data for 55 % of its pool',
      credits: ['1109921.9', '0', '2219843.8', '0', '554960.95', '2219843.8'],
      paid: [
        ['1426940702', '33874331459', '30917044568'],
        ['28538814050', '62102941009', '0'],
        ['10702055268', '45165775279', '61834089136'],
        ['0', '0', '0'],
        ['2853881405', '79040106739', '15458522284'],
        ['21404110537', '39520053369', '61834089136'],
      ],
    },
  ])('count parts of credits: $of', ({ credits, paid }) => {
    const poc = [
      [10, 300],
      [200, 550],
      [75, 400],
      [0, 0],
      [20, 700],
      [150, 350],
    ];
    const shares = poc.map(([beacon, witness], at) =>
      share(`g${at + 1}`, { beacon: String(beacon), witness: String(witness), credits: credits[at] ?? '' }),
    );
    const { amounts } = rewards({ emission: '618340943683', shares });
    expect(amounts.map(({ beacon, witness, data }) => [beacon, witness, data])).toEqual(paid);
  });

  it('leave what all pools hold above what was paid, whatever was withheld from open hotspots', () => {
    // Shares so many that a rate's last decimal is worth hundreds of units.
    const { amounts, unallocated } = rewards({
      emission: '15698181038129929016',
      shares: [
        share('a', { beacon: '233934383856563020', witness: '902946313601316270' }),
        share('b', { beacon: '22127047659529731', witness: '240775612144227598', tier: 'open' }),
        share('c', { beacon: '948271147233172431', witness: '231955266889310743' }),
      ],
    });
    const paid = amounts.reduce(
      (sum, of) => sum + BigInt(of.beacon) + BigInt(of.witness) + BigInt(of.data),
      0n,
    );
    expect(unallocated.poc).toBe(String((15698181038129929016n * 8n) / 10n - paid));
  });

  it('are worked out by hand for one hotspot that beacons', () => {
    // 6 % and a fifth of the unused 50 %; witnesses' 24 % and 40 % have no shares; 7, 7 and 6 % remain.
    expect(rewards({ shares: [share('only', { beacon: '1' })] })).toEqual({
      amounts: [{ key: 'only', beacon: '160000', witness: '0', data: '0' }],
      unallocated: { poc: '640000', capped: '0', delegators: '60000' },
      operations: '70000',
      oracles: '70000',
      minted: '300000',
      rates: {
        beacon: '160000.000000000000000',
        witness: '0.000000000000000',
        data: '0.000000000000000',
        open: { beacon: '160000.000000000000000', witness: '0.000000000000000', data: '0.000000000000000' },
      },
    });
  });

  it('are worked out by hand for nobody', () => {
    expect(rewards({ shares: [] })).toMatchObject({
      amounts: [],
      unallocated: { poc: '800000' },
      minted: '140000',
    });
    expect(rewards({ emission: '0', shares: [] })).toMatchObject({
      minted: '0',
      unallocated: { poc: '0', delegators: '0' },
    });
  });

  it('pay data by the price that is given, up to its pool', () => {
    // A credit is 10^-5 USD, a unit of price 10^-8 USD per token of 10^8 units: 10^-5 * 10^16 / price units.
    const carried = (credits: string, price: string) =>
      rewards({ price, shares: [share('a', { credits })] }).amounts[0]?.data;
    expect(carried('1', '100000000')).toBe('1000');
    expect(carried('7', '100000000')).toBe('7000');
    expect(carried('499', '100000000')).toBe('499000');
    expect(carried('501', '100000000')).toBe('500000');
    expect(carried('1', '200000000')).toBe('500');
    const policy = { credit_price: '5' };
    expect(
      rewards({ policy, price: 100_000_000, shares: [share('a', { credits: 1 })] }).amounts[0]?.data,
    ).toBe('1000');
  });

  it('cap what all open hotspots together get, by whatever name the policy says it', () => {
    const shares = [share('a', { beacon: '1', tier: 'open' }), share('b', { beacon: '1', tier: 'bonded' })];
    // Of 160000 half would be the open one's; a tenth is. The pool of witnesses has no shares.
    const capped = {
      amounts: [{ beacon: '16000' }, { beacon: '80000' }],
      unallocated: { poc: '704000', capped: '64000' },
    };
    expect(rewards({ shares })).toMatchObject(capped);
    for (const trust of [
      { open_cap: 0.1 },
      { open_cap: '0.1' },
      { open_cap: '10 %' },
      { open_cap: '10%' },
      { open_cap_bp: 1000 },
    ])
      expect(rewards({ shares, policy: { trust } })).toMatchObject(capped);
    expect(rewards({ shares, policy: { trust: { open_cap: '100 %' } } })).toMatchObject({
      amounts: [{ beacon: '80000' }, { beacon: '80000' }],
    });
    expect(rewards({ shares, policy: { trust: { open_cap: 0 } } })).toMatchObject({
      amounts: [{ beacon: '0' }, { beacon: '80000' }],
    });
    expect(rewards({ shares, policy: { trust: { open_cap: '33.33%' } } }).rates.open.beacon).toBe(
      '53328.000000000000000',
    );
  });

  it('read shares exactly, as text and as numbers', () => {
    for (const [one, two] of [
      ['0.5', 0.5],
      ['0.00000001', 1e-8],
      ['0.00000123', 1.23e-6],
      ['1', 1],
      ['1.50000000000', 1.5],
      ['123456789.12345678', 123_456_789.123_456_78],
    ] as const)
      expect(beaconOf(one)).toBe(beaconOf(two));
    expect(beaconOf('1')).toBe('80000');
    expect(beaconOf('3')).toBe('120000');
  });

  it.each<[string, Value]>([
    ['19 decimals', '0.1234567891234567891'],
    ['19 decimals as a number', 1e-19],
    ['a sign', '-1'],
    ['a negative number', -1],
    ['an exponent', '1e3'],
    ['a number beyond all decimals', 1e300],
    ['no digits', '.'],
    ['no digit before the point', '.5'],
    ['no digit after the point', '5.'],
    ['a comma', '1,5'],
    ['white space', ' 1'],
    ['nothing', ''],
    ['a flag', true],
  ])('refuse shares with %s', (_, beacon) => {
    expect(codeOf('reward.epoch', { emission: '1', price: '1', shares: [share('a', { beacon })] })).toBe(
      'malformed_input',
    );
  });

  it.each<[string, Input, string]>([
    ['a key twice', { shares: [share('a'), share('a')] }, 'malformed_input'],
    ['an empty key', { shares: [share('')] }, 'malformed_input'],
    ['a tier that is not known', { shares: [share('a', { tier: 'gold' })] }, 'malformed_input'],
    ['no price', { price: '0' }, 'malformed_input'],
    ['an emission beyond u64', { emission: '18446744073709551616' }, 'malformed_input'],
    ['a field that no policy has', { policy: { holdbak: 1 } }, 'malformed_policy'],
    ['a policy out of range', { policy: { holdback: -1 } }, 'malformed_policy'],
    ['a name and its other name', { policy: { max_skew: 1, max_skew_ms: 1 } }, 'malformed_input'],
    [
      'a cap and its other name',
      { policy: { trust: { open_cap: 0.1, open_cap_bp: 1000 } } },
      'malformed_input',
    ],
    ['a cap above everything', { policy: { trust: { open_cap: 1.5 } } }, 'malformed_input'],
    ['an interval that does not divide a day', { policy: { beacon_interval: 7 } }, 'malformed_policy'],
  ])('refuse %s', (_, change, code) => {
    expect(codeOf('reward.epoch', { emission: '1', price: '1', shares: [], ...change })).toBe(code);
  });

  it('take a whole policy, and one that differs in anything', () => {
    const shares = [share('a', { beacon: '1' })];
    for (const policy of [
      {},
      { beacon_interval: 60, max_skew: 30_000 },
      { grace: 50_000 },
      { max_witnesses: 1 },
      { windows: { active_ms: 5 } },
      { pools_bp: { delegators: 0 } },
    ])
      expect(codeOf('reward.epoch', { emission: '1', price: '1', shares, policy })).toBe('ok');
    expect(rewards({ shares, policy: { pools_bp: { beacons: 0 } } }).amounts[0]?.beacon).toBe('100000');
  });
});

describe('units and credits', () => {
  it.each([
    [0, '0.0000', '0.0000'],
    [1, '0.2500', '1.0000'],
    [4, '1.0000', '1.0000'],
    [5, '1.2000', '0.7600'],
    [14, '1.8926', '0.2220'],
    [1000, '2.0000', '0.0030'],
  ])('of %i witnesses are %s and %s', (n, beacon, witness) => {
    expect(outOf('reward.units', { n })).toEqual({ beacon, witness });
  });

  it.each([
    [0, '1'],
    [1, '1'],
    [24, '1'],
    [25, '2'],
    ['48', '2'],
    [49, '3'],
  ])('of %s bytes are %s', (payload_size, credits) => {
    expect(outOf('reward.credits', { payload_size })).toEqual({ credits });
  });
});

describe('free space', () => {
  it('is told with nine places', () => {
    const of = { tx_power: 14, beacon_gain: 19, witness_gain: -19, frequency: 868_100_000, distance: 2000 };
    const fspl = 20 * Math.log10((4 * Math.PI * 2000 * 868_100_000) / 2.998e8);
    const out = outOf('rssi.bound', of);
    expect(out['fspl']).toMatch(/^\d+\.\d{9}$/);
    expect(Number(out['fspl'])).toBeCloseTo(fspl, 8);
    // Gains are cut towards zero: 1.9 dBi is 1, -1.9 dBi is -1.
    expect(Number(out['bound'])).toBeCloseTo(14 + 1 - fspl - 1, 8);
    expect(outOf('rssi.bound', { ...of, frequency: '868100000', distance: '2000' })).toEqual(out);
    for (const change of [{ distance: 0 }, { frequency: 0 }, { distance: 0.5 }, { tx_power: '14' }])
      expect(codeOf('rssi.bound', { ...of, ...change })).toBe('malformed_input');
  });
});
