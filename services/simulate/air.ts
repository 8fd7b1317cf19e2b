import { airtimeMs, receive, type Frame, type Reception } from './radio.ts';
import type { Hotspot } from './fleet.ts';

/** A LoRaWAN proprietary frame: one byte of header before the payload. */
const HEADER_BYTES = 1;

export interface Air {
  /** Hotspots in range hear the frame when its airtime is over. */
  readonly transmit: (from: Hotspot, frame: Frame) => void;
}

export function openAir(options: {
  readonly fleet: readonly Hotspot[];
  readonly seed: string;
  readonly hear: (by: Hotspot, frame: Frame, reception: Reception) => void;
  readonly signal: AbortSignal;
}): Air {
  const { fleet, seed, hear, signal } = options;
  return {
    transmit: (from, frame) => {
      const heard = fleet.flatMap((to) => {
        const reception = to === from ? null : receive({ frame, from, to, seed });
        return reception === null ? [] : [{ to, reception }];
      });
      setTimeout(
        () => {
          if (!signal.aborted) for (const { to, reception } of heard) hear(to, frame, reception);
        },
        airtimeMs(frame.datarate, frame.data.length + HEADER_BYTES),
      );
    },
  };
}
