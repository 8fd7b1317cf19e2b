import type { Frame, Heard, Medium } from './medium.ts';
import { airtimeMs, type Antenna } from './radio.ts';

/** The counter of microseconds wraps at 32 bits. */
const WRAP = 2 ** 32;
/** Microseconds to which a forwarder takes frames in advance. */
const MOST_AHEAD_US = 128_000_000;

/** Errors of a forwarder's TX_ACK that it makes here. */
export type TxError = 'NONE' | 'TOO_LATE' | 'TOO_EARLY' | 'COLLISION_PACKET';

export interface Sent {
  readonly error: TxError;
  /** The counter when the frame begins. */
  readonly tmst: number;
}

/** The radio of a gateway: hears all channels at once, sends one frame at a time, and counts microseconds. */
export interface Concentrator {
  readonly antenna: Antenna;
  readonly tmst: () => number;
  /** Sends now, or when the counter says so. */
  readonly send: (frame: Frame, tmst?: number) => Sent;
  readonly close: () => void;
}

export function openConcentrator(options: {
  readonly medium: Medium;
  readonly antenna: Antenna;
  /** The frame with the counter at its end. */
  readonly heard: (heard: Heard & { readonly tmst: number }) => void;
}): Concentrator {
  const { medium, antenna } = options;
  const { clock } = medium;
  const start = clock.now();
  const tmstAt = (time: number): number => Math.floor((time - start) * 1000) % WRAP;
  const station = {
    ...antenna,
    listens: ({ inverted }: Frame) => !inverted,
    hear: (heard: Heard) => {
      options.heard({ ...heard, tmst: tmstAt(heard.end) });
    },
  };
  const joined = medium.join(station);
  let isClosed = false;
  /** Frames that it is to send or sends, ms. */
  let queue: readonly { readonly begin: number; readonly end: number }[] = [];
  const reserve = (frame: Frame, begin: number): boolean => {
    const end = begin + airtimeMs(frame.datarate, frame.payload.length);
    queue = queue.filter((each) => each.end > clock.now());
    if (queue.some((each) => each.begin < end && begin < each.end)) return false;
    queue = [...queue, { begin, end }];
    return true;
  };
  return {
    antenna,
    tmst: () => tmstAt(clock.now()),
    send: (frame, tmst) => {
      const now = clock.now();
      const at = tmst ?? tmstAt(now);
      const ahead = tmst === undefined ? 0 : (tmst - tmstAt(now) + WRAP) % WRAP;
      if (ahead > WRAP / 2) return { error: 'TOO_LATE', tmst: at };
      if (ahead > MOST_AHEAD_US) return { error: 'TOO_EARLY', tmst: at };
      // Its own counter times the frame, however late we are woken.
      const begin = now + ahead / 1000;
      if (!reserve(frame, begin)) return { error: 'COLLISION_PACKET', tmst: at };
      if (tmst === undefined) joined.transmit(frame, begin);
      else
        clock.after(ahead / 1000, () => {
          if (!isClosed) joined.transmit(frame, begin);
        });
      return { error: 'NONE', tmst: at };
    },
    close: () => {
      isClosed = true;
      joined.close();
    },
  };
}
