import { ProtocolError } from '#protocol/errors';
import { leafKey } from '#protocol/settle/leaf';
import { emptyState, openState, stateBytes, stateHash, type EpochState } from '#protocol/settle/state';
import { amount, epochNumber, millis, type Amount, type Hash, type HotspotKey } from '#protocol/units';
import type { Clocks } from '#protocol/verify/poc';
import { hex } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const hexOf = (length: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => hex.encode(bytes));
const time = fc.nat().map(millis);
const clock = fc.option(time, { nil: null });
const clocks: fc.Arbitrary<Clocks> = fc
  .record({ lastBeacon: clock, lastBeaconRecip: clock, lastWitness: clock })
  .filter((of) => Object.values(of).some((value) => value !== null));
const mapOf = <Key extends string, Value>(
  key: fc.Arbitrary<Key>,
  value: fc.Arbitrary<Value>,
): fc.Arbitrary<Map<Key, Value>> =>
  fc.array(fc.tuple(key, value), { maxLength: 6 }).map((entries) => new Map(entries));
const amounts = mapOf(
  fc.tuple(fc.constantFrom('00', '01', '20'), hexOf(32)).map(([type, body]) => leafKey(type + body)),
  fc.bigInt({ min: 1n, max: 0xffff_ffff_ffff_ffffn }).map(amount),
);
const pending = fc
  .array(fc.tuple(fc.bigInt({ min: 0n, max: 99n }).map(epochNumber), amounts), { maxLength: 4 })
  .map((entries) => new Map(entries.filter(([, of]) => of.size > 0)));
const state: fc.Arbitrary<EpochState> = fc
  .record({
    clocks: mapOf(
      hexOf(33).map((key) => key as HotspotKey),
      clocks,
    ),
    cumulative: amounts,
    pending,
    pendingData: pending,
    settledCredits: mapOf(hexOf(32), fc.bigInt({ min: 0n, max: 9n })),
    entropies: fc
      .array(fc.record({ data: hexOf(32), timestamp: fc.nat(), version: fc.nat(), receivedAt: time }), {
        maxLength: 4,
      })
      .map((facts) => new Map(facts.map((fact) => [fact.data, fact]))),
    recent: fc
      .array(
        fc.record({
          payload: fc.nat(52).chain(hexOf),
          reportId: hexOf(32).map((id) => id as Hash),
          receivedAt: time,
          seen: fc
            .array(
              hexOf(32).map((id) => id as Hash),
              { maxLength: 3 },
            )
            .map((ids) => new Set(ids)),
        }),
        { maxLength: 4 },
      )
      .map((items) => new Map(items.map((item) => [item.payload, item]))),
  })
  .map(({ clocks: of, entropies, recent, ...rest }) => ({ poc: { clocks: of, entropies, recent }, ...rest }));

describe('the state of an epoch', () => {
  it('reads back from its bytes, which do not depend on the order in which it was built', () => {
    fc.assert(
      fc.property(state, (value) => {
        const bytes = stateBytes(value);
        expect(openState(bytes)).toEqual(value);
        const reversed: EpochState = {
          ...value,
          poc: { ...value.poc, clocks: new Map([...value.poc.clocks].reverse()) },
          cumulative: new Map([...value.cumulative].reverse()),
          pending: new Map([...value.pending].reverse()),
          pendingData: new Map([...value.pendingData].reverse()),
        };
        expect(stateHash(stateBytes(reversed))).toBe(stateHash(bytes));
      }),
      { seed: 21 },
    );
  });

  it('has the bytes of the first version where nothing is pending for data, and refuses them as of the second', () => {
    const before = stateBytes(emptyState());
    expect(before[0]).toBe(1);
    const pendingData = new Map([
      [epochNumber(3n), new Map([[leafKey(`01${'aa'.repeat(32)}`), amount(7n)]])],
    ]);
    const bytes = stateBytes({ ...emptyState(), pendingData });
    expect(bytes[0]).toBe(2);
    expect(bytes.slice(1, before.length)).toEqual(before.slice(1));
    expect(openState(bytes).pendingData).toEqual(pendingData);
    const none = Uint8Array.of(2, ...before.slice(1), 0, 0, 0, 0);
    expect(() => openState(none)).toThrow(expect.objectContaining({ code: 'malformed_state' }) as Error);
  });

  it('does not keep hotspots without clocks, nor epochs without amounts', () => {
    const never = { lastBeacon: null, lastBeaconRecip: null, lastWitness: null };
    const empty = emptyState();
    const value: EpochState = {
      ...empty,
      poc: { ...empty.poc, clocks: new Map([[`00${'aa'.repeat(32)}` as HotspotKey, never]]) },
      pending: new Map([[epochNumber(3n), new Map<never, Amount>()]]),
      pendingData: new Map([[epochNumber(3n), new Map<never, Amount>()]]),
    };
    expect(stateBytes(value)).toEqual(stateBytes(empty));
  });

  it('is refused with malformed_state, or read as another state, whatever byte is changed', () => {
    fc.assert(
      fc.property(state, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, pick, change) => {
        const bytes = stateBytes(value);
        const at = pick % bytes.length;
        const changed = bytes.map((byte, index) => (index === at ? byte ^ change : byte));
        try {
          expect(stateBytes(openState(changed))).toEqual(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect(error).toMatchObject({ code: 'malformed_state' });
        }
      }),
      { seed: 22, numRuns: 500 },
    );
  });

  it('is refused where a report that was seen stands twice, or is the beacon', () => {
    const [reportId, id] = ['ab', 'cd'].map((byte) => byte.repeat(32) as Hash);
    if (reportId === undefined || id === undefined) throw new Error('two ids');
    const bytesOf = (seen: readonly Hash[]): Uint8Array => {
      const recent = { payload: '00', reportId, receivedAt: millis(1), seen: new Set(seen) };
      return stateBytes({ ...emptyState(), poc: { ...emptyState().poc, recent: new Map([['00', recent]]) } });
    };
    const other = 'ef'.repeat(32) as Hash;
    const good = bytesOf([id, other]);
    expect(openState(good).poc.recent.get('00')?.seen).toEqual(new Set([id, other]));
    for (const last of [id, reportId]) {
      const bytes = Uint8Array.of(...good.slice(0, -32), ...hex.decode(last));
      expect(() => openState(bytes)).toThrow(expect.objectContaining({ code: 'malformed_state' }) as Error);
    }
  });

  it('is refused where it is cut short or another version', () => {
    fc.assert(
      fc.property(state, fc.nat(), (value, pick) => {
        const bytes = stateBytes(value);
        const refusal = expect.objectContaining({ code: 'malformed_state' }) as unknown;
        expect(() => openState(bytes.slice(0, pick % bytes.length))).toThrow(refusal);
        // Version 2 is that of a state with pending amounts for data.
        for (const version of [0, bytes[0] === 1 ? 2 : 1, 3])
          expect(() => openState(Uint8Array.of(version, ...bytes.slice(1)))).toThrow(refusal);
      }),
      { seed: 23 },
    );
  });
});
