import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import { EMPTY_ROOT, leafHash, treeRoot } from '#protocol/evidence/merkle';
import {
  decodeBundle,
  decodeTile,
  edgeRoot,
  encodeBundle,
  levelWidth,
  TILE_WIDTH,
  tilePath,
  tileWidth,
  type TilePlace,
} from '#protocol/evidence/tile';

function decodedOrError(bytes: Uint8Array, place: TilePlace): unknown {
  try {
    return decodeBundle(bytes, place);
  } catch (error) {
    expect(error).toHaveProperty('code', 'malformed_tile');
    return error;
  }
}

describe('a tile', () => {
  it.each([
    [{ level: 0, index: 1_234_067, width: TILE_WIDTH }, 'tile/0/x001/x234/067'],
    [{ level: 0, index: 0, width: TILE_WIDTH }, 'tile/0/000'],
    [{ level: 2, index: 999, width: 1 }, 'tile/2/999.p/1'],
    [{ level: 63, index: 1000, width: 255 }, 'tile/63/x001/000.p/255'],
    [{ level: 'entries', index: 273, width: 112 }, 'tile/entries/273.p/112'],
    [{ level: 'entries', index: 1_000_000, width: TILE_WIDTH }, 'tile/entries/x001/x000/000'],
  ] as const)('stands at its path: %o', (place, path) => {
    expect(tilePath(place)).toBe(path);
  });

  it('is as wide as tlog-tiles says: a tree of 70,000', () => {
    expect([0, 1, 2, 3].map((level) => levelWidth(level, 70_000))).toEqual([70_000, 273, 1, 0]);
    expect(tileWidth({ level: 0, index: 272 }, 70_000)).toBe(256);
    expect(tileWidth({ level: 'entries', index: 273 }, 70_000)).toBe(112);
    expect(tileWidth({ level: 0, index: 274 }, 70_000)).toBe(0);
    expect(tileWidth({ level: 1, index: 1 }, 70_000)).toBe(17);
    expect(tileWidth({ level: 2, index: 0 }, 70_000)).toBe(1);
    expect([tileWidth({ level: 0, index: 0 }, 256), tileWidth({ level: 1, index: 0 }, 256)]).toEqual([
      256, 1,
    ]);
  });

  it('is refused with a byte more or less than its width asks for', () => {
    const place = { level: 0, index: 0, width: 2 };
    expect(decodeTile(new Uint8Array(64), place)).toHaveLength(2);
    for (const length of [0, 32, 63, 65, 96])
      expect(() => decodeTile(new Uint8Array(length), place)).toThrow(ProtocolError);
  });
});

describe('an entry bundle', () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 20 });

  it('gives each entry 16 big-endian bits of length', () => {
    const bundle = encodeBundle([Uint8Array.of(7), new Uint8Array(258).fill(9)]);
    expect(Buffer.from(bundle.subarray(0, 6)).toString('hex')).toBe('000107010209');
    expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });

  it('decodes to what was encoded, and never to more or fewer entries than its place has', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const place = { level: 'entries', index: 0, width: list.length } as const;
        const bytes = encodeBundle(list);
        expect(decodeBundle(bytes, place)).toEqual(list);
        for (const width of [list.length - 1, list.length + 1])
          expect(() => decodeBundle(bytes, { ...place, width })).toThrow(ProtocolError);
        // A cut in front may happen to leave a whole bundle: then its entries are others.
        for (const cut of [bytes.subarray(1), bytes.subarray(0, -1), Uint8Array.of(...bytes, 0)])
          expect(decodedOrError(cut, place)).not.toEqual(list);
      }),
    );
  });
});

describe('the right edge of a tree', () => {
  it('has the root of the whole tree, at sizes around every border of a tile', () => {
    const leaves = Array.from({ length: 66_000 }, (_, at) => leafHash(Uint8Array.of(at >> 16, at >> 8, at)));
    for (const size of [0, 1, 2, 3, 255, 256, 257, 511, 512, 4000, 65_535, 65_536, 65_537, 65_792, 66_000]) {
      const edge: Uint8Array[][] = [];
      let level = leaves.slice(0, size);
      while (level.length > 0) {
        const full = level.length - (level.length % TILE_WIDTH);
        edge.push(level.slice(full));
        level = Array.from({ length: full / TILE_WIDTH }, (_, at) =>
          treeRoot(level.slice(at * TILE_WIDTH, (at + 1) * TILE_WIDTH)),
        );
      }
      expect(edgeRoot(edge)).toEqual(size === 0 ? EMPTY_ROOT : treeRoot(leaves.slice(0, size)));
    }
  });
});
