import { between } from '#services/simulate/medium/random';
import type { Cheat } from '../cheat.ts';

/** dB on top of the truth, or any dBm in a range that no bound forbids. */
export type Lie = 'boosted' | 'random';
const BOOST_DB = 45;
const ANY_DBM = { least: -135, most: -112 };

export function rssiLiar(lie: Lie): Cheat {
  return {
    does:
      lie === 'boosted'
        ? 'reports what it hears 45 dB louder than it is'
        : 'makes up the RSSI of what it hears, below the bound',
    hear: ({ told, reception }, means) => {
      const { least, most } = ANY_DBM;
      const rssi =
        lie === 'boosted' ? reception.rssi + BOOST_DB : Math.floor(between(means.random, least, most));
      means.submit(means.witness({ told, reception: { ...reception, rssi } }));
    },
  };
}
