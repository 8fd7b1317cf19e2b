import { hex } from '@scure/base';
import { blake3 } from '@noble/hashes/blake3.js';
import { describe, expect, test } from 'vitest';
import { entropyData } from '#protocol/crypto/entropy';
import { conductedPower, deriveBeacon } from '#protocol/crypto/payload';
import { ProtocolError } from '#protocol/errors';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';

const remote = {
  data: hex.decode('b6aa3f80d9355f139d998626b8d1ff1776cda36ae11a10006a8d516546276b09'),
  timestamp: 1_677_163_710,
  version: 0,
};
const local = { data: hex.decode('e94619b0'), timestamp: 0, version: 0 };
const input = { remote, local, region: 'EU868', gain: 60 } as const;

describe('a beacon', () => {
  test('follows from its entropies, region and gain', () => {
    const beacon = deriveBeacon(input);
    expect({ ...beacon, data: hex.encode(beacon.data) }).toEqual({
      data: '1c99124160e83b92867d630caf4c9ed21cfd923bbbcb7a9231f19c944af6441108d43006983add9eba65253b877e1248f441ae',
      channel: 4,
      frequency: 867_900_000n,
      datarate: 'SF12BW125',
      txPower: 10,
    });
  });

  test('in US915 takes the first spreading that carries 51 bytes', () => {
    const beacon = deriveBeacon({ ...input, region: 'US915', gain: 23 });
    expect(beacon).toMatchObject({ datarate: 'SF9BW125', txPower: 33 });
    expect(beacon.frequency).toBe(BigInt(903_900_000 + 200_000 * beacon.channel));
  });

  test('is the same for version 1, and for any local timestamp', () => {
    const { data } = deriveBeacon(input);
    expect(deriveBeacon({ ...input, remote: { ...remote, version: 1 } }).data).toEqual(data);
    expect(deriveBeacon({ ...input, local: { ...local, timestamp: 7, version: 1 } }).data).toEqual(data);
    expect(deriveBeacon({ ...input, remote: { ...remote, timestamp: 7 } }).data).not.toEqual(data);
  });

  test.each([
    ['of the remote entropy', { ...input, remote: { ...remote, version: 2 } }],
    ['of the local entropy', { ...input, local: { ...local, version: 2 } }],
  ])('is refused for version 2 %s', (_, of) => {
    expect(() => deriveBeacon(of)).toThrow(expect.objectContaining({ code: 'malformed_entropy' }));
  });

  test('is refused where no spreading carries it, or there is no channel', () => {
    const plan = CHANNEL_PLANS.US915;
    const short = { ...plan, spreading: [{ factor: 10, maxPacketSize: 50 }] };
    for (const region of [short, { ...plan, frequencies: [] }])
      expect(() => deriveBeacon({ ...input, region })).toThrow(ProtocolError);
    const fits = { ...plan, spreading: [{ factor: 10, maxPacketSize: 51 }] };
    expect(deriveBeacon({ ...input, region: fits }).datarate).toBe('SF10BW125');
  });
});

describe('conducted power', () => {
  test.each([
    [0, 16],
    [12, 14],
    [151, 1],
    [152, 0],
    [161, 0],
    [170, 0],
    [-20, 18],
  ])('in EU868 with %i tenths of a dBi is truncated towards zero to %i dBm', (gain, power) => {
    expect(conductedPower(CHANNEL_PLANS.EU868, gain)).toBe(power);
  });

  test('is refused below zero', () => {
    expect(() => conductedPower(CHANNEL_PLANS.EU868, 171)).toThrow(
      expect.objectContaining({ code: 'unsuitable_plan' }),
    );
  });
});

describe('remote entropy', () => {
  test('hashes the little-endian time before the blockhash', () => {
    const blockhash = Uint8Array.from({ length: 32 }, (_, at) => at);
    const preimage = hex.decode(`7eb7f76300000000${hex.encode(blockhash)}`);
    expect(entropyData({ timestamp: 0x63f7b77e, blockhash })).toEqual(blake3(preimage));
    // The published test vector of BLAKE3 for the three bytes 00 01 02.
    expect(hex.encode(blake3(Uint8Array.of(0, 1, 2)))).toBe(
      'e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f',
    );
  });
});
