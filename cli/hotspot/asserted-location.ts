import { latLngToCell } from 'h3-js';
import type { Location } from '#client';
import { parseCell } from '#protocol/geo/cell';
import { CliError } from '../cli-error.ts';

/** What an owner says of where a hotspot stands. */
export interface LocationOptions {
  readonly cell?: bigint;
  readonly lat?: number;
  readonly lon?: number;
  /** dBi. */
  readonly gain?: number;
  /** Metres above ground. */
  readonly elevation?: number;
  readonly dataOnly?: boolean;
}

/** null where nothing was said; a place is needed for the rest. */
export function assertedLocation(of: LocationOptions): Location | null {
  const { lat, lon, gain = 0, elevation = 0, dataOnly = false } = of;
  const isPlaced = lat !== undefined && lon !== undefined;
  const cell = of.cell ?? (isPlaced ? BigInt(`0x${latLngToCell(lat, lon, 12)}`) : null);
  if (cell !== null)
    return {
      cell: parseCell(cell),
      gain: Math.round(gain * 10),
      elevation,
      mode: dataOnly ? 'data_only' : 'full',
    };
  const others = [lat, lon, of.gain, of.elevation, of.dataOnly];
  if (others.some((value) => value !== undefined))
    throw new CliError('incomplete_arguments', { missing: '--cell, or --lat and --lon' });
  return null;
}
