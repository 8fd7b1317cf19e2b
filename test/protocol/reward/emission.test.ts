import { emissionAt } from '#protocol/reward/emission';
import { epochNumber } from '#protocol/units';
import { expect, it } from 'vitest';

it('the emission is halved once per period, and never with a period of 0', () => {
  const at = (epoch: bigint, halvingPeriod: number): bigint =>
    emissionAt({ base: 1001n, halvingPeriod, epoch: epochNumber(epoch) });
  expect([at(0n, 10), at(9n, 10), at(10n, 10), at(29n, 10), at(30n, 10)]).toEqual([
    1001n,
    1001n,
    500n,
    250n,
    125n,
  ]);
  expect(at(10_000n, 10)).toBe(0n);
  expect(at(0xffff_ffff_ffff_ffffn, 0)).toBe(1001n);
});
