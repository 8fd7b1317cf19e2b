import type { Cell, Hash } from '../units.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { hashOf } from '../wire/hex.ts';
import { cellParent, cellResolution } from './cell.ts';
import { CHANNEL_PLANS, type ChannelPlan, type Region } from './channel-plans.ts';
import { REGION_CELLS } from './region-cells.ts';

export type { ChannelPlan, Region } from './channel-plans.ts';

/** Finest resolution in the table. */
const FINEST = 3;

const table: ReadonlyMap<bigint, Region> = new Map(
  Object.values(CHANNEL_PLANS).flatMap(({ region }) =>
    cellsOf(region).map((cell): [bigint, Region] => [cell, region]),
  ),
);

/** SHA-256 of the canonical text of plans and cells, one line each; the policy pins it. */
export const REGION_TABLE_HASH: Hash = hashOf(sha256(utf8ToBytes(canonicalText())));

/** The region that a cell lies in by the shipped table, or null: then it is not asserted. */
export function regionOf(cell: Cell): Region | null {
  for (let resolution = Math.min(FINEST, cellResolution(cell)); resolution >= 0; resolution -= 1) {
    const region = table.get(cellParent(cell, resolution));
    if (region !== undefined) return region;
  }
  return null;
}

/** Channels, power and spreading of a region (poc.md 6). */
export function regionPlan(region: Region): ChannelPlan {
  return CHANNEL_PLANS[region];
}

function cellsOf(region: Region): readonly bigint[] {
  return REGION_CELLS[region]
    .trim()
    .split(/\s+/)
    .map((digits) => BigInt(`0x${digits}`));
}

function canonicalText(): string {
  const lines = Object.values(CHANNEL_PLANS)
    .map((plan) => {
      const spreading = plan.spreading.map(({ factor, maxPacketSize }) => `SF${factor}:${maxPacketSize}`);
      const { region, bandwidth, maxEirp, frequencies } = plan;
      return `plan ${region} ${frequencies.join(',')} ${bandwidth} ${maxEirp} ${spreading.join(',')}\n`;
    })
    .sort();
  const cells = [...table].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [cell, region] of cells) lines.push(`cell ${cell} ${region}\n`);
  return lines.join('');
}
