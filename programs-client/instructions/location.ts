import type { Cell } from '#protocol/units';
import { MODES } from '../accounts/hotspot.ts';
import type { Encodable } from '../codec.ts';

/** What an owner asserts about a hotspot. */
export interface Location {
  /** Resolution 12. */
  readonly cell: Cell;
  /** dBi x10, 0 to 150. */
  readonly gain: number;
  /** Metres, -500 to 9000. */
  readonly elevation: number;
  readonly mode: keyof typeof MODES;
}

export const encodableLocation = (location: Location): Readonly<Record<string, Encodable>> => ({
  cell: location.cell,
  gain: location.gain,
  elevation: location.elevation,
  mode: MODES[location.mode],
});
