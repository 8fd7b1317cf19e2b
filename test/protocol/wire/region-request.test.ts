import { hex } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import { REGION_NUMBERS, regionName } from '#protocol/wire/region';
import { openRegionRequest } from '#protocol/wire/region-request';
import { verifySignature } from '#services/runtime/signature';
import { readVectors } from '../../../scripts/replay/vectors.ts';

const real = readVectors().vectors.filter(({ message }) => message === 'regionReq');

describe('a region request', () => {
  test('of a real hotspot decodes, keeps the bytes that were signed, and verifies', () => {
    expect(real).toHaveLength(6);
    for (const { raw, signed_bytes } of real) {
      const request = openRegionRequest(hex.decode(raw));
      expect(hex.encode(request.signedBytes)).toBe(signed_bytes);
      expect(regionName(request.region)).toBe('UNKNOWN');
      const { key, signedBytes: message, signature } = request;
      expect(verifySignature({ key, message, signature })).toBe(true);
    }
  });

  test('without a region asks for the first one of the enum, as proto3 leaves out zeros', () => {
    const [{ raw } = { raw: '' }] = real;
    expect(raw.startsWith('0863')).toBe(true);
    expect(regionName(openRegionRequest(hex.decode(raw.slice(4))).region)).toBe('US915');
  });

  test.each([
    ['no address', '0863', 'malformed_key'],
    ['a cut field', '0863122100', 'malformed_report'],
    ['too many bytes', '00'.repeat(513), 'oversized_report'],
  ])('is refused with %s', (_, bytes, code) => {
    expect(() => openRegionRequest(hex.decode(bytes))).toThrow(expect.objectContaining({ code }));
  });
});

describe('the region enum', () => {
  test('has the number of every channel plan', () => {
    for (const { region, number } of Object.values(CHANNEL_PLANS)) {
      expect(REGION_NUMBERS[region]).toBe(number);
      expect(regionName(number)).toBe(region);
    }
    expect(regionName(15)).toBeNull();
  });
});
