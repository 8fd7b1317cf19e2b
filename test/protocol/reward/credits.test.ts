import { DEFAULT_POLICY } from '#protocol/policy';
import { packetCredits } from '#protocol/reward/credits';
import { expect, it } from 'vitest';

it('a packet costs one data credit per 24 bytes begun, and at least one', () => {
  expect([0, 1, 24, 25, 48, 49, 242].map((bytes) => packetCredits(bytes, DEFAULT_POLICY))).toEqual([
    1n,
    1n,
    1n,
    2n,
    2n,
    3n,
    11n,
  ]);
});
