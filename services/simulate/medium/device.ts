import type { Frame, Heard, Medium } from './medium.ts';
import { airtimeMs, type Setting } from './radio.ts';
import type { Coordinates } from './place.ts';

/** A device hears a downlink whose preamble begins this near to where its window opens, ms. */
const WINDOW_MS = 20;
const DEFAULT_ELEVATION_M = 2;
/** Of EU868 (RP002 2.4). */
const EUROPEAN_RX2 = { frequency: 869_525_000, datarate: 'SF12BW125' } as const;

export interface DeviceOptions {
  readonly place: Coordinates;
  /** dBi x10; 0 unless it says so. */
  readonly gain?: number;
  readonly elevation?: number;
  /** Milliseconds from the end of an uplink to its first window (joins: 5000); the second opens a second later. */
  readonly rx1DelayMs?: number;
  /** What the windows are set to: the first to the uplink's channel and data rate, the second as in EU868, unless they say so. */
  readonly rx1?: Pick<Setting, 'frequency' | 'datarate'>;
  readonly rx2?: Pick<Setting, 'frequency' | 'datarate'>;
  readonly onDownlink: (downlink: Heard & { readonly window: 1 | 2 }) => void;
}

export interface Device {
  /** Sends an uplink now and opens two windows after it; returns when the uplink ends (ms since 1970). */
  readonly transmit: (
    frame: Setting & { readonly payload: Uint8Array; readonly rx1DelayMs?: number },
  ) => number;
  readonly close: () => void;
}

interface Window {
  readonly number: 1 | 2;
  readonly opens: number;
  readonly setting: Pick<Setting, 'frequency' | 'datarate'>;
}

/** A LoRaWAN device of class A: it listens in the windows after an uplink alone, and only to inverted polarity. */
export function attachDevice(medium: Medium, options: DeviceOptions): Device {
  const { place, rx2 = EUROPEAN_RX2, onDownlink } = options;
  const delay = options.rx1DelayMs ?? 1000;
  let windows: readonly Window[] = [];
  const windowOf = (frame: Frame, begin: number): Window | undefined =>
    windows.find(
      ({ opens, setting }) =>
        frame.inverted &&
        Math.abs(begin - opens) <= WINDOW_MS &&
        setting.frequency === frame.frequency &&
        setting.datarate === frame.datarate,
    );
  const joined = medium.join({
    place,
    elevation: options.elevation ?? DEFAULT_ELEVATION_M,
    gain: options.gain ?? 0,
    listens: (frame, begin) => windowOf(frame, begin) !== undefined,
    hear: (heard) => {
      const window = windowOf(heard.frame, heard.begin);
      if (window === undefined) return;
      // Who received in one window does not open the next.
      windows = [];
      onDownlink({ ...heard, window: window.number });
    },
  });
  return {
    transmit: ({ rx1DelayMs = delay, ...frame }) => {
      const end = medium.clock.now() + airtimeMs(frame.datarate, frame.payload.length);
      windows = [
        { number: 1, opens: end + rx1DelayMs, setting: options.rx1 ?? frame },
        { number: 2, opens: end + rx1DelayMs + 1000, setting: rx2 },
      ];
      joined.transmit({ ...frame, inverted: false });
      return end;
    },
    close: joined.close,
  };
}
