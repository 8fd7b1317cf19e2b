import type { Clock } from '#services/simulate/medium/clock';
import type { Random } from '#services/simulate/medium/random';
import { nextBeaconTime } from './beacon-schedule.ts';

export interface BeaconLoop {
  /** A region answer was accepted; its timestamp (seconds) sets the next beacon. */
  readonly regionAnswered: (timestamp: number) => void;
  readonly close: () => void;
}

/** Beacons an interval after the last one, and before that wherever a region answer sets the time. */
export function openBeaconLoop(options: {
  readonly clock: Clock;
  readonly random: Random;
  readonly intervalS: number;
  readonly beacon: () => void;
}): BeaconLoop {
  const { clock, random, intervalS, beacon } = options;
  let last: number | null = null;
  let cancel = (): void => undefined;
  const tick = (): void => {
    cancel = clock.after(1000 * intervalS, tick);
    beacon();
  };
  return {
    regionAnswered: (timestamp) => {
      last = nextBeaconTime({ now: timestamp, last, intervalS, random });
      cancel();
      cancel = clock.after(1000 * (last - timestamp), tick);
    },
    close: () => {
      cancel();
    },
  };
}
