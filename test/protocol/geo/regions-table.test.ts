import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { base64 } from '@scure/base';
import fc from 'fast-check';
import { cellToCenterChild, cellToChildren, getRes0Cells, getResolution } from 'h3-js';
import { describe, expect, test } from 'vitest';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import { REGION_CELLS } from '#protocol/geo/region-cells';
import { leafOf, NO_REGION, regionNodes } from '#protocol/geo/region-table';
import { REGION_TABLE_HASH } from '#protocol/geo/regions';
import { encodeRegionTable } from '../../../scripts/regions/encode.ts';
import { regionCells } from '../../../scripts/regions/region-cells.ts';
import { HIGH_SEAS, NO_PLAN, type Claim } from '../../../scripts/regions/shapes.ts';

describe('the table of regions', () => {
  test('is what its script makes of the map, byte for byte', () => {
    const committed = readFileSync(new URL('../../../protocol/geo/region-cells.ts', import.meta.url), 'utf8');
    expect(regionCells() === committed, 'run scripts/make-region-table.ts and read the diff').toBe(true);
  }, 600_000);

  test('divides no cell whose children agree', () => {
    const nodes = regionNodes(base64.decode(REGION_CELLS.replaceAll('\n', '')));
    const alike = nodes.filter((node) => {
      if (node <= NO_REGION) return false;
      const [first = NO_REGION, ...others] = nodes.slice(node, node + 7);
      return first <= NO_REGION && others.every((other) => other === first);
    });
    expect(alike).toEqual([]);
  });

  test('is pinned by the SHA-256 of its plans, by number, and its cells', () => {
    const eu868 =
      'plan 1 EU868 867100000,867300000,867500000,867700000,867900000,868100000,868300000,868500000 125000 161 SF12:65,SF9:129,SF8:238\n';
    const plans = Object.values(CHANNEL_PLANS).map(
      ({ number, region, frequencies, bandwidth, maxEirp, spreading }) => {
        const sizes = spreading.map(({ factor, maxPacketSize }) => `SF${factor}:${maxPacketSize}`);
        return `plan ${number} ${region} ${frequencies.join()} ${bandwidth} ${maxEirp} ${sizes.join()}\n`;
      },
    );
    expect(plans).toContain(eu868);
    plans.sort((a, b) => Number(a.split(' ')[1]) - Number(b.split(' ')[1]));
    const text = `${plans.join('')}cells ${REGION_CELLS.replaceAll('\n', '')}\n`;
    expect(REGION_TABLE_HASH).toBe(createHash('sha256').update(text).digest('hex'));
  });

  test('is read as it was written, whatever the cells', () => {
    const claim = fc.integer({ min: 0, max: HIGH_SEAS });
    const splits = fc.array(fc.tuple(fc.nat(), fc.array(claim, { minLength: 7, maxLength: 7 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(claim, { minLength: 122, maxLength: 122 }), splits, (base, divisions) => {
        const claims = new Map(getRes0Cells().map((cell, at): [string, Claim] => [cell, base[at] ?? 0]));
        for (const [pick, values] of divisions) {
          const cell = [...claims.keys()].at(-1 - (pick % claims.size));
          if (cell === undefined || getResolution(cell) === 7) continue;
          claims.delete(cell);
          for (const [at, child] of cellToChildren(cell, getResolution(cell) + 1).entries())
            claims.set(child, values[at] ?? 0);
        }
        const nodes = regionNodes(base64.decode(encodeRegionTable(claims)));
        for (const [cell, value] of claims) {
          const leaf = value === HIGH_SEAS || value === NO_PLAN ? NO_REGION : value;
          expect(leafOf(nodes, BigInt(`0x${cellToCenterChild(cell, 12)}`))).toBe(leaf);
          expect(leafOf(nodes, BigInt(`0x${cell}`))).toBe(leaf);
        }
      }),
      { seed: 22, numRuns: 60 },
    );
  });
});
