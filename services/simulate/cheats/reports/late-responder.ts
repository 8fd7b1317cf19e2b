import type { Cheat } from '../cheat.ts';

/** With the airtime more than the 4 s that a witness has after the beacon's report. */
const LATE_MS = 4_500;

export function lateResponder(): Cheat {
  return {
    does: 'holds its witness reports back for 4.5 s, as one does who asks around first',
    hear: (heard, means) => {
      means.submit(means.witness(heard), { after: LATE_MS });
    },
  };
}
