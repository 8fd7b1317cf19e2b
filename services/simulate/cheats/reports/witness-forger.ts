import { placeAt } from '#services/simulate/medium/place';
import { between } from '#services/simulate/medium/random';
import type { Cheat } from '../cheat.ts';

/** Metres to where its owner says that it stands: in reach of the friend, by the rules. */
const AWAY_M = 40_000;
/** dBm that fit the distance. */
const CLAIMED = { least: -125, most: -110 };
const FORWARD_MS = { least: 30, most: 150 };

/** A key without a radio. */
export function witnessForger(): Cheat {
  return {
    does: 'has no radio: signs what a friend 40 km away hears, with an RSSI that it makes up',
    asserts: (place) => placeAt(place, AWAY_M, 120),
    beacons: false,
    hear: () => undefined,
    overhear: ({ told }, means) => {
      const rssi = Math.floor(between(means.random, CLAIMED.least, CLAIMED.most));
      const draft = means.witness({ told, reception: { rssi, snr: -2 } });
      means.submit(draft, { after: between(means.random, FORWARD_MS.least, FORWARD_MS.most) });
    },
  };
}
