import type { Sign } from '#services/simulate/hotspot/identity';
import type { Cheat } from '../cheat.ts';

/** `sign` is of a key that it made up. */
export function keyForger(sign: Sign): Cheat {
  return {
    does: 'sends reports that another key signed, from a socket without a radio',
    beacon: ({ draft }, means) => {
      means.submit(draft, { sign });
    },
    hear: (heard, means) => {
      means.submit(means.witness(heard), { sign });
    },
  };
}
