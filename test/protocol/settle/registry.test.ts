import { ProtocolError } from '#protocol/errors';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import {
  creditsAt,
  factsAt,
  openRegistry,
  registryAt,
  registryBytes,
  registryHash,
  type RawHotspot,
  type RegistryTable,
} from '#protocol/settle/registry';
import { epochNumber, type Address, type HotspotKey } from '#protocol/units';
import type { HotspotFacts } from '#protocol/verify/poc';
import { base58, hex } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const CELL = 631210990448411135n;
const OTHER_CELL = 631210990450508287n;
const KEY = `00${'6c'.repeat(32)}` as HotspotKey;
const address = (bytes: Uint8Array): Address => base58.encode(bytes) as Address;

const raw: RawHotspot = {
  key: KEY,
  registeredAt: 1000,
  status: { current: 'active', next: 'quarantined', nextFrom: epochNumber(7n) },
  tier: { current: 'open', next: 'endorsed', nextFrom: epochNumber(5n) },
  location: {
    current: { cell: 0n, gain: 12, elevation: 3, mode: 'data_only' },
    next: { cell: CELL, gain: 40, elevation: -7, mode: 'full' },
    nextFrom: epochNumber(6n),
  },
};

describe('facts of a hotspot', () => {
  it('change with the epoch from which the next value holds', () => {
    expect(factsAt(raw, epochNumber(4n))).toMatchObject({
      status: 'active',
      tier: 'open',
      cell: null,
      mode: 'data_only',
    });
    expect(factsAt(raw, epochNumber(5n))).toMatchObject({
      tier: 'endorsed',
      cell: null,
      gain: 12,
      latitude: 0,
    });
    expect(factsAt(raw, epochNumber(6n))).toMatchObject({
      cell: CELL,
      gain: 40,
      elevation: -7,
      mode: 'full',
    });
    expect(factsAt(raw, epochNumber(7n))).toMatchObject({
      status: 'quarantined',
      ...cellCentre(parseCell(CELL)),
    });
  });

  it('are in force from registration on, and not before', () => {
    const at = (end: number): number => registryAt({ hotspots: [raw], epoch: epochNumber(4n), end }).size;
    expect([at(999), at(1000)]).toEqual([0, 1]);
  });
});

const fact = fc.record({
  key: fc
    .tuple(fc.constantFrom('10', '11'), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([tag, body]) => `${tag}${hex.encode(body)}` as HotspotKey),
  mode: fc.constantFrom<HotspotFacts['mode']>('full', 'data_only'),
  status: fc.constantFrom<HotspotFacts['status']>('active', 'quarantined'),
  tier: fc.constantFrom<HotspotFacts['tier']>('open', 'endorsed', 'bonded'),
  place: fc.constantFrom(null, CELL, OTHER_CELL),
  gain: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  elevation: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  registeredAt: fc.nat(),
});
const owner = fc.uint8Array({ minLength: 32, maxLength: 32 });
const table: fc.Arbitrary<RegistryTable> = fc
  .record({
    facts: fc.uniqueArray(fact, { selector: (entry) => entry.key, maxLength: 12 }),
    credits: fc.uniqueArray(
      fc.record({ owner, balance: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }) }),
      {
        selector: (entry) => hex.encode(entry.owner),
        maxLength: 5,
      },
    ),
    voters: fc.uniqueArray(owner, { selector: (bytes) => hex.encode(bytes), maxLength: 16 }),
  })
  .map(({ facts, credits, voters }) => ({
    keyNetwork: 'testnet',
    hotspots: new Map(
      facts.map(({ place, ...entry }): [HotspotKey, HotspotFacts] => {
        const cell = place === null ? null : parseCell(place);
        return [
          entry.key,
          { ...entry, cell, ...(cell === null ? { latitude: 0, longitude: 0 } : cellCentre(cell)) },
        ];
      }),
    ),
    credits: credits.map((entry) => ({ ...entry, owner: address(entry.owner) })),
    voters: voters.map(address),
  }));

describe('the registry table', () => {
  it('reads back from its bytes, which do not depend on the order of its parts', () => {
    fc.assert(
      fc.property(table, (value) => {
        const bytes = registryBytes(value);
        const opened = openRegistry(bytes);
        expect(opened.hotspots).toEqual(new Map([...value.hotspots].sort(([a], [b]) => (a < b ? -1 : 1))));
        expect(new Set(opened.voters)).toEqual(new Set(value.voters));
        expect(registryBytes(opened)).toEqual(bytes);
        const shuffled: RegistryTable = {
          ...value,
          hotspots: new Map([...value.hotspots].reverse()),
          credits: [...value.credits].reverse(),
          voters: [...value.voters].reverse(),
        };
        expect(registryHash(registryBytes(shuffled))).toBe(registryHash(bytes));
      }),
      { seed: 3 },
    );
  });

  it('is refused with malformed_registry, or read as other facts, whatever byte is changed', () => {
    fc.assert(
      fc.property(table, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, pick, change) => {
        const bytes = registryBytes(value);
        const at = pick % bytes.length;
        const changed = bytes.map((byte, index) => (index === at ? byte ^ change : byte));
        try {
          expect(registryBytes(openRegistry(changed))).toEqual(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect(error).toMatchObject({ code: 'malformed_registry' });
        }
      }),
      { seed: 4, numRuns: 500 },
    );
  });

  it('never throws anything but its own error for arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const tagged = Uint8Array.of(1, ...bytes);
        expect(() => openRegistry(tagged)).toThrow(expect.objectContaining({ code: 'malformed_registry' }));
      }),
      { seed: 5 },
    );
  });

  it('holds keys of one network only', () => {
    const facts = factsAt(raw, epochNumber(1n));
    const mixed: RegistryTable = {
      keyNetwork: 'testnet',
      hotspots: new Map([[KEY, facts]]),
      credits: [],
      voters: [],
    };
    expect(() => registryBytes(mixed)).toThrow(RangeError);
  });
});

describe('the credits table of an epoch', () => {
  const owner = '1'.repeat(32) as Address;
  const rows = (firstEpoch: bigint, [current, next, nextFrom]: readonly [bigint, bigint, bigint]) =>
    [3n, 4n, 5n].map((epoch) =>
      creditsAt(
        [
          {
            owner,
            firstEpoch: epochNumber(firstEpoch),
            balance: { current, next, nextFrom: epochNumber(nextFrom) },
            settled: 0n,
          },
        ],
        epochNumber(epoch),
      ).map(({ balance }) => balance),
    );

  it('has the balance in force of owners whose first purchase holds by then', () => {
    expect(rows(4n, [0n, 7n, 4n])).toEqual([[], [7n], [7n]]);
    expect(rows(0n, [7n, 9n, 5n])).toEqual([[7n], [7n], [9n]]);
  });

  it('keeps who has taken everything back, whatever is bought later', () => {
    expect(rows(2n, [7n, 0n, 4n])).toEqual([[7n], [0n], [0n]]);
    expect(rows(2n, [0n, 5n, 5n])).toEqual([[0n], [0n], [5n]]);
  });
});
