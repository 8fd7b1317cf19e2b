import { randomBytesOf } from '#services/simulate/medium/random';
import type { Cheat } from '../cheat.ts';

export function payloadThief(): Cheat {
  let stolen: number | null = null;
  return {
    does: "signs the payload of another's beacon as its own beacon",
    beacons: false,
    hear: ({ told, frame }, means) => {
      const interval = Math.floor(means.now() / means.intervalMs);
      if (stolen === interval) return;
      stolen = interval;
      // The remote entropy is public; the local one stays the victim's secret until its report is.
      void means
        .entropy()
        .then(({ data: remote }) => {
          const local = randomBytesOf(means.random, 4);
          means.submit(means.beacon({ told: { ...told, txPower: frame.txPower }, local, remote }));
        })
        .catch(() => undefined);
    },
  };
}
