import { cellToLatLng, gridDistance, isValidCell } from 'h3-js';
import { ProtocolError } from '../errors.ts';
import type { Cell } from '../units.ts';

export { distanceMetres } from './distance.ts';

/** A place in nanodegrees, integers. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** Resolution at which hotspots assert their location. */
export const ASSERTED_RESOLUTION = 12;
/** Resolution at which the least distance of a pair is counted. */
const APART_RESOLUTION = 11;

/** A valid H3 cell of the given resolution; throws malformed_cell. */
export function parseCell(value: bigint, resolution: number = ASSERTED_RESOLUTION): Cell {
  const inRange = value >= 0n && value <= 0xffff_ffff_ffff_ffffn;
  if (!inRange || !isValidCell(value.toString(16)) || cellResolution(value) !== resolution)
    throw new ProtocolError('malformed_cell', { cell: value, resolution });
  return value as Cell;
}

/** The cell's resolution, from its bits. */
export function cellResolution(cell: bigint): number {
  return Number((cell >> 52n) & 0xfn);
}

/** The ancestor at a coarser resolution: its digits below are unused, all ones. */
export function cellParent(cell: bigint, resolution: number): bigint {
  const unused = (1n << (3n * BigInt(15 - resolution))) - 1n;
  return (cell & ~(0xfn << 52n)) | (BigInt(resolution) << 52n) | unused;
}

/**
 * The cell's centre in nanodegrees, rounded half away from zero. H3 uses the engine's libm, so whoever writes a registry
 * computes it once, and everything after reads the integers.
 */
export function cellCentre(cell: Cell): Place {
  const [latitude, longitude] = cellToLatLng(cell.toString(16));
  return { latitude: nanodegrees(latitude), longitude: nanodegrees(longitude) };
}

/** Grid distance of two cells at resolution 11 (poc.md 4, check 13); null where H3 gives none. */
export function cellsApart(a: Cell, b: Cell): number | null {
  const [from, to] = [cellParent(a, APART_RESOLUTION), cellParent(b, APART_RESOLUTION)];
  if (from === to) return 0;
  try {
    return gridDistance(from.toString(16), to.toString(16));
  } catch {
    return null;
  }
}

function nanodegrees(degrees: number): number {
  const scaled = Math.abs(degrees) * 1e9;
  return (degrees < 0 ? -1 : 1) * Math.round(scaled) + 0;
}
