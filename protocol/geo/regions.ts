import type { Cell, Hash } from '../units.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { hashOf } from '../wire/hex.ts';
import { CHANNEL_PLANS, type ChannelPlan, type Region } from './channel-plans.ts';
import { REGION_CELLS } from './region-cells.ts';
import { leafOf, regionNodes } from './region-table.ts';

export type { ChannelPlan, Region } from './channel-plans.ts';

const plans: readonly ChannelPlan[] = Object.values(CHANNEL_PLANS).sort((a, b) => a.number - b.number);
const regions: ReadonlyMap<number, Region> = new Map(plans.map(({ number, region }) => [number, region]));
const encoded = REGION_CELLS.replaceAll('\n', '');
/** Read at first use: tens of milliseconds that most processes need not spend. */
let nodes: readonly number[] | undefined;

/**
 * SHA-256 of the table's canonical text; the policy pins it. It has a line for each plan by ascending number, "plan 1 EU868
 * 867100000,867300000,... 125000 161 SF12:65,SF9:129,SF8:238" (Hz, Hz, tenths of a dBm), and one for the cells, "cells
 * <base64>" as region-cells.ts has them without its line breaks; each line ends with a line feed.
 */
export const REGION_TABLE_HASH: Hash = hashOf(sha256(utf8ToBytes(canonicalText())));

/**
 * The region that a cell of any resolution lies in by the shipped table, or null: then it is not asserted. A cell that the
 * table divides has the region that holds for all of it, else none.
 */
export function regionOf(cell: Cell): Region | null {
  nodes ??= regionNodes(base64.decode(encoded));
  return regions.get(leafOf(nodes, cell)) ?? null;
}

/** Channels, power and spreading of a region (poc.md 6). */
export function regionPlan(region: Region): ChannelPlan {
  return CHANNEL_PLANS[region];
}

function canonicalText(): string {
  const lines = plans.map(({ number, region, frequencies, bandwidth, maxEirp, spreading }) => {
    const sizes = spreading.map(({ factor, maxPacketSize }) => `SF${factor}:${maxPacketSize}`);
    return `plan ${number} ${region} ${frequencies.join(',')} ${bandwidth} ${maxEirp} ${sizes.join(',')}\n`;
  });
  return `${lines.join('')}cells ${encoded}\n`;
}
