import type { Clock } from './clock.ts';
import { airtimeMs, receive, type Antenna, type Reception, type Setting } from './radio.ts';

/** By how many dB a frame must be stronger than every other one on its channel and spreading factor to survive them. */
export const CAPTURE_DB = 6;

/** A LoRa frame as it is on air. */
export interface Frame extends Setting {
  /** The PHYPayload. */
  readonly payload: Uint8Array;
  /** Gateways send to devices with inverted polarity; each side hears the other alone. */
  readonly inverted: boolean;
}

/** A frame as somebody received it. */
export interface Heard extends Reception {
  readonly frame: Frame;
  /** Milliseconds since 1970. */
  readonly begin: number;
  readonly end: number;
}

export interface Station extends Antenna {
  /** Whether its receiver is set to a frame that begins at a time (ms). */
  readonly listens: (frame: Frame, begin: number) => boolean;
  readonly hear: (heard: Heard) => void;
}

export interface Medium {
  readonly clock: Clock;
  readonly join: (station: Station) => Joined;
  readonly counts: Readonly<MediumCounts>;
}

export interface Joined {
  /** Sends from now on, or from a moment that has just come; returns when the frame ends (ms since 1970). */
  readonly transmit: (frame: Frame, begin?: number) => number;
  readonly close: () => void;
}

export interface MediumCounts {
  frames: number;
  /** Milliseconds on air, of all frames. */
  airtime: number;
  heard: number;
  /** Receptions that were lost to another frame, and to the receiver's own sending. */
  collided: number;
  deafened: number;
}

/** A frame on air, from when to when. */
export interface Transmission {
  readonly frame: Frame;
  readonly from: Antenna;
  readonly begin: number;
  readonly end: number;
}

export type Outcome = Reception | 'out_of_range' | 'collided' | 'deafened';

/** What becomes of a frame at an antenna, given all that was on air meanwhile. */
export function outcomeAt(options: {
  readonly sent: Transmission;
  readonly to: Antenna;
  readonly others: readonly Transmission[];
  readonly seed: string;
}): Outcome {
  const { sent, to, seed } = options;
  const reception = receive({ frame: sent.frame, from: sent.from, to, seed });
  if (reception === null) return 'out_of_range';
  const meanwhile = options.others.filter(
    (other) => other !== sent && other.begin < sent.end && sent.begin < other.end,
  );
  if (meanwhile.some(({ from }) => from === to)) return 'deafened';
  const loud = meanwhile.some(({ frame, from }) => {
    if (!isSameChannel(frame, sent.frame)) return false;
    const other = receive({ frame, from, to, seed });
    return other !== null && reception.rssi < other.rssi + CAPTURE_DB;
  });
  return loud ? 'collided' : reception;
}

export function openMedium(options: {
  readonly clock: Clock;
  readonly seed: string;
  /** false: frames pass through each other and through whoever sends; true unless it says so. */
  readonly interference?: boolean;
}): Medium {
  const { clock, seed, interference = true } = options;
  const stations = new Set<Station>();
  const counts: MediumCounts = { frames: 0, airtime: 0, heard: 0, collided: 0, deafened: 0 };
  let onAir: Transmission[] = [];

  const deliver = (sent: Transmission): void => {
    for (const to of stations) {
      if (to === sent.from || !to.listens(sent.frame, sent.begin)) continue;
      const outcome = outcomeAt({ sent, to, others: interference ? onAir : [], seed });
      if (outcome === 'collided' || outcome === 'deafened') counts[outcome] += 1;
      if (typeof outcome === 'string') continue;
      counts.heard += 1;
      to.hear({ ...outcome, frame: sent.frame, begin: sent.begin, end: sent.end });
    }
    // What ended before anything that is still on air began matters to nobody.
    const running = onAir.filter(({ end }) => end > clock.now());
    const since = Math.min(...running.map(({ begin }) => begin));
    onAir = running.length === 0 ? [] : onAir.filter(({ end }) => end > since);
  };
  return {
    clock,
    counts,
    join: (station) => {
      stations.add(station);
      return {
        transmit: (frame, begin = clock.now()) => {
          const airtime = airtimeMs(frame.datarate, frame.payload.length);
          const sent = { frame, from: station, begin, end: begin + airtime };
          onAir.push(sent);
          counts.frames += 1;
          counts.airtime += airtime;
          clock.after(sent.end - clock.now(), () => {
            deliver(sent);
          });
          return sent.end;
        },
        close: () => {
          stations.delete(station);
        },
      };
    },
  };
}

/** Spreading factors are orthogonal enough, and so are the two polarities. */
function isSameChannel(a: Frame, b: Frame): boolean {
  return a.frequency === b.frequency && a.datarate === b.datarate && a.inverted === b.inverted;
}
