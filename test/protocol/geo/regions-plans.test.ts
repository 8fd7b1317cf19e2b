import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deriveBeacon } from '#protocol/crypto/payload';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import { regionPlan } from '#protocol/geo/regions';
import { REGION_NUMBERS } from '#protocol/wire/region';

const plans = Object.values(CHANNEL_PLANS);
const entropy = (data: Uint8Array) => ({ data, timestamp: 1_780_272_000, version: 0 });
const remote = entropy(new Uint8Array(32).fill(1));
const local = entropy(new Uint8Array(4).fill(2));

describe('the plan of a region', () => {
  test('has its number in the enum of the wire, CN779 (4) and UNKNOWN (99) left out', () => {
    expect(Object.fromEntries(plans.map(({ region, number }) => [region, number]))).toEqual({
      US915: 0,
      EU868: 1,
      EU433: 2,
      CN470: 3,
      AU915: 5,
      AS923_1: 6,
      KR920: 7,
      IN865: 8,
      AS923_2: 9,
      AS923_3: 10,
      AS923_4: 11,
      AS923_1B: 12,
      CD900_1A: 13,
      RU864: 14,
    });
    for (const [name, plan] of Object.entries(CHANNEL_PLANS)) expect(plan.region).toBe(name);
    for (const { region, number } of plans) expect(number).toBe(REGION_NUMBERS[region]);
  });

  // Channels in kHz, power in tenths of a dBm.
  test.each([
    ['US915', [903_900, 904_100, 904_300, 904_500, 904_700, 904_900, 905_100, 905_300], 360],
    ['EU868', [867_100, 867_300, 867_500, 867_700, 867_900, 868_100, 868_300, 868_500], 161],
    ['EU433', [433_175, 433_375, 433_575], 121],
    ['CN470', [486_300, 486_500, 486_700, 486_900, 487_100, 487_300, 487_500, 487_700], 191],
    ['AU915', [916_800, 917_000, 917_200, 917_400, 917_600, 917_800, 918_000, 918_200], 300],
    ['AS923_1', [923_200, 923_400, 923_600, 923_800, 924_000, 924_200, 924_400, 924_600], 160],
    ['KR920', [922_100, 922_300, 922_500, 922_700, 922_900, 923_100, 923_300], 140],
    ['IN865', [865_062.5, 865_402.5, 865_985], 300],
    ['AS923_2', [921_400, 921_600, 921_800, 922_000, 922_200, 922_400, 922_600, 922_800], 160],
    ['AS923_3', [916_600, 916_800, 917_000, 917_200, 917_400, 917_600, 917_800, 918_000], 160],
    ['AS923_4', [917_300, 917_500, 917_700, 917_900, 918_100, 918_300, 918_500, 918_700], 160],
    ['AS923_1B', [922_000, 922_200, 922_400, 922_600, 922_800, 923_000, 923_200, 923_400], 160],
    ['CD900_1A', [867_100, 867_300, 867_500, 867_700, 867_900, 868_100, 868_300, 868_500], 161],
    ['RU864', [864_100, 864_300, 864_500, 864_700, 864_900, 868_900, 869_100], 160],
  ] as const)('has the published channels and power: %s', (region, kilohertz, maxEirp) => {
    const plan = regionPlan(region);
    expect(plan.frequencies.map((hertz) => hertz / 1000)).toEqual(kilohertz);
    expect(plan.maxEirp).toBe(maxEirp);
    expect(plan.bandwidth).toBe(125_000);
  });

  test.each(plans.map(({ region }) => region))(
    'has the published packet sizes, slow ones first: %s',
    (region) => {
      const sizes = regionPlan(region).spreading.map(({ factor, maxPacketSize }) => [factor, maxPacketSize]);
      const american = [
        [10, 25],
        [9, 67],
        [8, 139],
        [7, 256],
      ];
      if (region === 'US915') expect(sizes).toEqual(american);
      else if (region === 'EU868' || region === 'CD900_1A')
        expect(sizes).toEqual([
          [12, 65],
          [9, 129],
          [8, 238],
        ]);
      else expect(sizes).toEqual([[12, 25], [11, 25], ...american]);
    },
  );
});

describe('a beacon', () => {
  const gains = Array.from({ length: 161 }, (_, step) => step - 10);

  test.each(plans)('goes out in $region at every gain from -1 to 15 dBi that leaves power', (plan) => {
    const { region, maxEirp } = plan;
    const slowest = region === 'EU868' || region === 'CD900_1A' ? 'SF12BW125' : 'SF9BW125';
    for (const gain of gains) {
      const derive = () => deriveBeacon({ remote, local, region, gain });
      if (gain >= maxEirp + 10) expect(derive).toThrow(expect.objectContaining({ code: 'unsuitable_plan' }));
      else
        expect(derive()).toMatchObject({ datarate: slowest, txPower: Math.trunc((maxEirp - gain) / 10) + 0 });
    }
  });

  test('finds no power only in EU433 from 13.1 dBi and in KR920 from 15 dBi on', () => {
    const without = plans.flatMap(({ region, maxEirp }) => {
      const gain = gains.find((each) => each >= maxEirp + 10);
      return gain === undefined ? [] : [[region, gain]];
    });
    expect(without).toEqual([
      ['EU433', 131],
      ['KR920', 150],
    ]);
  });

  test.each(plans)('takes every channel of $region and no other', ({ region, frequencies }) => {
    const taken = new Set<bigint>();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (data) => {
        const { channel, frequency } = deriveBeacon({ remote: entropy(data), local, region, gain: 12 });
        expect(frequency).toBe(BigInt(frequencies[channel] ?? 0));
        taken.add(frequency);
      }),
      { seed: 21, numRuns: 300 },
    );
    expect(taken.size).toBe(frequencies.length);
  });
});
