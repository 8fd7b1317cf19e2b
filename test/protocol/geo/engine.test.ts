import { readdirSync, readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { cellToLatLng, getPentagons, gridDisk, gridDistance, isValidCell } from 'h3-js';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { cellCentre, cellsApart, distanceMetres, parseCell } from '#protocol/geo/cell';
import { fitsFreeSpace, freeSpaceLoss, freeSpaceTenths } from '#protocol/geo/free-space';
import type { Cell } from '#protocol/units';

/** Functions whose last bits ECMAScript leaves to the engine, each made to note its use before any module is loaded. */
const watched = vi.hoisted(() => {
  const used = new Set<string>();
  const originals: Record<string, (...values: number[]) => number> = {};
  const inexact = [
    'acos',
    'acosh',
    'asin',
    'asinh',
    'atan',
    'atan2',
    'atanh',
    'cbrt',
    'cos',
    'cosh',
    'exp',
    'expm1',
  ];
  for (const name of [
    ...inexact,
    'hypot',
    'log',
    'log10',
    'log1p',
    'log2',
    'pow',
    'sin',
    'sinh',
    'tan',
    'tanh',
  ]) {
    const original: unknown = Reflect.get(Math, name);
    if (typeof original !== 'function') throw new Error(`Math.${name} is no function`);
    const call = (...values: number[]): number => Number(Reflect.apply(original, Math, values));
    originals[name] = call;
    Reflect.set(Math, name, (...values: number[]) => {
      used.add(name);
      return call(...values);
    });
  }
  return { used, originals };
});
afterAll(() => {
  Object.assign(Math, watched.originals);
});

function usedBy(action: () => void): readonly string[] {
  watched.used.clear();
  action();
  return [...watched.used].sort();
}

/** Cells of resolution 12 all over the world: base cell, then digits from a linear congruence; the same ones everywhere. */
function someCells(count: number): readonly Cell[] {
  const cells: Cell[] = [];
  for (let state = 1n; cells.length < count; state = (state * 6364136223846793005n + 1n) % (1n << 64n)) {
    let value = (0x8cn << 52n) | ((state >> 57n) << 45n) | 0x1ffn;
    for (let level = 1n; level <= 12n; level += 1n)
      value |= ((state >> (3n * level)) % 7n) << (45n - 3n * level);
    if (isValidCell(value.toString(16))) cells.push(parseCell(value));
  }
  return cells;
}
const cells = someCells(4000);
const pairs = cells.map((cell, at): [Cell, Cell] => [cell, cells[(at * 7 + 1) % cells.length] ?? cell]);
const [pentagon = ''] = getPentagons(11);

describe('geometry', () => {
  test('uses no function whose last bits depend on the engine', () => {
    const used = usedBy(() => {
      for (const [a, b] of pairs) {
        const metres = Math.round(distanceMetres(cellCentre(a), cellCentre(b)));
        const frequency = 868_000_000n;
        fitsFreeSpace({ tenths: 1200, metres, frequency });
        freeSpaceTenths(metres, frequency);
        freeSpaceLoss(metres, frequency);
        cellsApart(a, b);
      }
    });
    expect(used).toEqual([]);
  });

  test('takes from H3 only what uses none either', () => {
    const used = usedBy(() => {
      for (const near of gridDisk(pentagon, 5)) {
        isValidCell(near);
        gridDisk(near, 1);
        try {
          gridDistance(pentagon, near);
        } catch {
          // H3 gives no distance across some pentagons.
        }
      }
    });
    expect(used).toEqual([]);
    expect(usedBy(() => cellToLatLng(pentagon))).toContain('cos');
  });

  test('gives the same bits as when this was written', () => {
    const doubles = pairs.flatMap(([a, b]) => {
      const [from, to] = [cellCentre(a), cellCentre(b)];
      const metres = distanceMetres(from, to);
      return [from.latitude, from.longitude, metres, freeSpaceLoss(Math.round(metres) + 1, 868_000_000n)];
    });
    const bytes = new DataView(new ArrayBuffer(8 * doubles.length));
    doubles.forEach((value, at) => {
      bytes.setFloat64(8 * at, value);
    });
    const digest = bytesToHex(sha256(new Uint8Array(bytes.buffer)));
    expect(digest).toBe('80bd373a848d322cb4cb8dd54cff091ab6dbe5e0ca1c95d7d07f13ae4c62bf6b');
  });
});

describe('the protocol', () => {
  test('calls only the functions of Math that ECMAScript defines to the bit', () => {
    const exact = ['abs', 'ceil', 'clz32', 'floor', 'imul', 'max', 'min', 'round', 'sign', 'sqrt', 'trunc'];
    const root = new URL('../../../protocol/', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    expect(files.length).toBeGreaterThan(50);
    const others = files.flatMap((name) =>
      [...readFileSync(new URL(name, root), 'utf8').matchAll(/Math\s*(?:\.\s*(\w+)|\[)/g)]
        .map(([, called = 'by a computed name']) => called)
        .filter((called) => !exact.includes(called))
        .map((called) => `${name}: Math.${called}`),
    );
    expect(others).toEqual([]);
  });
});
