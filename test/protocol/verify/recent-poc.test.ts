import { describe, expect, test } from 'vitest';
import { judgedAt } from '#protocol/verify/grouper';
import type { LoggedReport, PocGroup } from '#protocol/verify/poc';
import { recentPocOf } from '#protocol/verify/recent-poc';
import { toHex } from '#protocol/wire/hex';
import { reportId } from '#protocol/wire/report';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

const [beaconer, witness, another, third] = [hotspot(1), hotspot(2), hotspot(3), hotspot(4)];
const world = new PocWorld([beaconer, witness, another, third]);
const beacon = world.beacon(beaconer, { at: NOON + 10_000 });
const early = world.witness(witness, beacon, { at: NOON + 9000 });
const forged = world.witness(another, beacon, { at: NOON + 11_000, signature: Uint8Array.of(0) });
const sessionless = world.witness(third, beacon, { at: NOON + 12_000, signer: null });

function group(reports: readonly LoggedReport[], at: number | null): PocGroup {
  return { kind: at === null ? 'stale' : 'poc', payload: toHex(beacon.report.data), beacon: at, reports };
}

describe('what identity remembers of a PoC that is not judged', () => {
  test('is its beacon, and the other reports that were well signed', () => {
    const recent = recentPocOf(group([early, beacon, forged, sessionless], 1), verifyMarked);
    expect(recent).toEqual({
      payload: toHex(beacon.report.data),
      reportId: reportId(beacon.report),
      receivedAt: NOON + 10_000,
      seen: new Set([reportId(early.report)]),
    });
  });

  test('is nothing of a group without a beacon: that is a fault, and names the payload', () => {
    const payload = toHex(beacon.report.data);
    expect(() => recentPocOf(group([early], null), verifyMarked)).toThrow(
      new RangeError(`group ${payload} has no beacon`),
    );
  });
});

describe('the place of a group in the order of judgement', () => {
  test("is its beacon's, or its first report's where it has none", () => {
    expect(judgedAt(group([early, beacon], 1))).toBe(beacon.position);
    expect(judgedAt(group([early, forged], null))).toBe(early.position);
  });

  test('is none where the group is empty: that is a fault, and names the payload', () => {
    expect(() => judgedAt(group([], null))).toThrow(
      new RangeError(`group ${toHex(beacon.report.data)} is empty`),
    );
  });
});
