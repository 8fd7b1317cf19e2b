import type { Cheat } from '../cheat.ts';

/** Beyond the 10 s in which reports meet their beacon, within the 180 s of its entropy. */
const LATER_MS = 60_000;

export function replayer(): Cheat {
  const replayed = new Set<string>();
  return {
    does: 'sends what it heard again a minute later, and witnesses it once more',
    hear: (heard, means) => {
      means.submit(means.witness(heard));
      const payload = Buffer.from(heard.told.data).toString('hex');
      if (replayed.has(payload)) return;
      replayed.add(payload);
      means.transmit(heard.frame, LATER_MS);
      means.submit(means.witness(heard), { after: LATER_MS });
    },
  };
}
