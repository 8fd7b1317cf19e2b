import fc from 'fast-check';
import { cellToLatLng, getResolution, isValidCell, latLngToCell } from 'h3-js';
import { describe, expect, it } from 'vitest';
import { assertLocation, decodeHotspot, hotspotAddress, type Location } from '#client';
import type { Cell } from '#protocol/units';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import { EPOCH_S, LOCATION, START, createTestNetwork, register, settle } from '../support/litesvm-network.ts';
import { openLiteChain } from '../support/litesvm.ts';

const SEED = 20260712;

const chain = openLiteChain();
const network = createTestNetwork(chain);
const owner = namedKeypair('owner');
const hotspot = namedHotspot('a hotspot', 'ed25519');
register(network, { hotspot, owner });

const instructionOf = (location: Location) =>
  assertLocation({ owner: owner.publicKey, network: network.address, key: hotspot.key, location });
const assert = (change: Partial<Location>): string | null =>
  chain.send([instructionOf({ ...LOCATION, ...change })], [owner]).error;

describe('assert_location', () => {
  it('takes gain and elevation up to their bounds and not beyond', () => {
    expect([0, 150].map((gain) => assert({ gain }))).toEqual([null, null]);
    expect([-1, 151, 2 ** 31 - 1, -(2 ** 31)].map((gain) => assert({ gain }))).toEqual(
      Array(4).fill('InvalidGain'),
    );
    expect([-500, 9_000].map((elevation) => assert({ elevation }))).toEqual([null, null]);
    expect([-501, 9_001].map((elevation) => assert({ elevation }))).toEqual(
      Array(2).fill('InvalidElevation'),
    );
  });

  it('takes the two modes only', () => {
    expect([assert({ mode: 'full' }), assert({ mode: 'data_only' })]).toEqual([null, null]);
    for (const mode of [0, 3, 255]) {
      const instruction = instructionOf(LOCATION);
      instruction.data.writeUInt8(mode, 8 + 8 + 4 + 4);
      expect(chain.send([instruction], [owner]).error).toBe('InvalidMode');
    }
  });

  it('refuses the same bad values when a hotspot is registered with them', () => {
    const fresh = namedHotspot('fresh', 'ed25519');
    const bad: readonly (readonly [Partial<Location>, string])[] = [
      [{ cell: 0n as Cell }, 'InvalidCell'],
      [{ gain: 151 }, 'InvalidGain'],
      [{ elevation: 9_001 }, 'InvalidElevation'],
    ];
    for (const [change, error] of bad)
      expect(register(network, { hotspot: fresh, owner, location: { ...LOCATION, ...change } }).error).toBe(
        error,
      );
    expect(register(network, { hotspot: fresh, owner }).error).toBeNull();
  });

  it('is for the owner only', () => {
    const stranger = namedKeypair('stranger');
    const instruction = assertLocation({
      owner: stranger.publicKey,
      network: network.address,
      key: hotspot.key,
      location: LOCATION,
    });
    expect(chain.send([instruction], [stranger]).error).toBe('NotTheOwner');
  });
});

describe('a cell', { timeout: 120_000 }, () => {
  const runs = 1_000;
  const hex = (cell: bigint): string => cell.toString(16).padStart(15, '0');
  const isAccepted = (cell: bigint): boolean => {
    const error = assert({ cell: cell as Cell });
    if (error !== null) expect(error).toBe('InvalidCell');
    return error === null;
  };
  const isCell = (cell: bigint): boolean => isValidCell(hex(cell)) && getResolution(hex(cell)) === 12;
  const index = (base: number, digits: readonly number[], resolution = 12): bigint => {
    const path = Array.from({ length: 15 }, (_, at) => (at < resolution ? (digits[at] ?? 0) : 7));
    const head = (1n << 59n) | (BigInt(resolution) << 52n) | (BigInt(base) << 45n);
    return path.reduce((sum, digit, at) => sum | (BigInt(digit) << BigInt(42 - 3 * at)), head);
  };
  const check = (property: fc.IProperty<[bigint]>): void => {
    fc.assert(property, { seed: SEED, numRuns: runs });
  };

  it('is accepted in every base cell, pentagons included', () => {
    const accepted = Array.from({ length: 122 }, (_, base) => isAccepted(index(base, [])));
    expect(accepted).toEqual(Array(122).fill(true));
    expect([122, 123, 127].map((base) => isAccepted(index(base, [])))).toEqual([false, false, false]);
  });

  it(`is accepted exactly where the H3 library calls it valid: random paths in random base cells (seed ${SEED})`, () => {
    const digits = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 12, maxLength: 12 });
    // Many zeros, so that the first other digit stands at every place: what a pentagon's missing side is about.
    const zeros = fc.integer({ min: 0, max: 12 });
    const cells = fc.tuple(fc.integer({ min: 0, max: 121 }), digits, zeros).map(([base, path, count]) =>
      index(
        base,
        path.map((digit, at) => (at < count ? 0 : digit)),
      ),
    );
    let valid = 0;
    check(
      fc.property(cells, (cell) => {
        expect(isAccepted(cell), hex(cell)).toBe(isCell(cell));
        valid += isCell(cell) ? 1 : 0;
      }),
    );
    expect(valid).toBeGreaterThan(runs * 0.9);
    expect(valid).toBeLessThan(runs);
  });

  it(`is accepted for places all over the earth and refused with any bit flipped that the library refuses (seed ${SEED})`, () => {
    const places = fc
      .tuple(fc.double({ min: -90, max: 90, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }))
      .map(([latitude, longitude]) => BigInt(`0x${latLngToCell(latitude, longitude, 12)}`));
    const mutated = fc.tuple(places, fc.integer({ min: -1, max: 63 })).map(([cell, bit]) => ({ cell, bit }));
    let refused = 0;
    fc.assert(
      fc.property(mutated, ({ cell, bit }) => {
        const flipped = bit < 0 ? cell : cell ^ (1n << BigInt(bit));
        if (bit < 0) expect(cellToLatLng(hex(flipped))).toHaveLength(2);
        const accepted = isAccepted(flipped);
        expect(accepted, hex(flipped)).toBe(isCell(flipped));
        refused += accepted ? 0 : 1;
      }),
      { seed: SEED, numRuns: runs },
    );
    expect(refused).toBeGreaterThan(runs / 4);
  });

  it(`is refused at every other resolution and for random numbers (seed ${SEED})`, () => {
    for (let resolution = 0; resolution <= 15; resolution++)
      expect([resolution, isAccepted(index(20, [], resolution))]).toEqual([resolution, resolution === 12]);
    check(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (cell) => {
        expect(isAccepted(cell), hex(cell)).toBe(isCell(cell));
      }),
    );
  });
});

describe('a value that oracles still read', () => {
  it('is not overwritten until its epochs are final, but what is not in force yet may be replaced', () => {
    const moving = createTestNetwork(chain, 'moving');
    register(moving, { hotspot, owner });
    const set = (gain: number): string | null =>
      chain.send(
        [
          assertLocation({
            owner: owner.publicKey,
            network: moving.address,
            key: hotspot.key,
            location: { ...LOCATION, gain },
          }),
        ],
        [owner],
      ).error;
    const state = () => {
      const address = hotspotAddress(moving.address, hotspot.key);
      const { current, next, nextFrom } = decodeHotspot(
        address,
        chain.account(address)?.data ?? new Uint8Array(),
        'mainnet',
      ).location;
      return [current.gain, next.gain, nextFrom];
    };
    chain.setTime(START - 1n);
    expect([set(1), state()]).toEqual([null, [1, 1, 0n]]);
    chain.setTime(START);
    expect([set(2), state()]).toEqual([null, [1, 2, 1n]]);
    expect([set(3), state()]).toEqual([null, [1, 3, 1n]]);
    chain.setTime(START + EPOCH_S);
    expect([set(4), state()]).toEqual(['RegistryBusy', [1, 3, 1n]]);
    settle(moving, 0n, []);
    expect([set(4), state()]).toEqual([null, [3, 4, 2n]]);
    expect([set(5), state()]).toEqual([null, [3, 5, 2n]]);
    chain.setTime(START + 7n * EPOCH_S);
    expect([set(6), state()]).toEqual(['RegistryBusy', [3, 5, 2n]]);
    settle(moving, 3n, []);
    chain.setTime(START + 7n * EPOCH_S);
    expect([set(6), state()]).toEqual([null, [5, 6, 8n]]);
  });
});
