import { findingOf, type Classifier } from './finding.ts';
import { factsOf, type Reception } from './observed.ts';
import { median } from './order-statistics.ts';

/** Receptions in either direction that make one number of it. */
export const LEAST_RECEPTIONS = 3;
/** Tenths of a dB by which two partners must differ, as they measured it, to be told apart; how many tell a partner's place. */
export const APART_DDB = 60;
export const LEAST_TOLD = 6;
/** Partners whose place is told, and the share of others that half of them are out of order with, two in five. */
export const LEAST_PARTNERS = 20;
export const LEAST_SHARE = { of: 5, least: 2 };

const MILLION = 1_000_000;

/** Medians of one direction of a pair, in tenths. */
interface Direction {
  /** Before the receiver's antenna, which gains in this direction alone. */
  readonly signal: number;
  /** Below what free space lets through. */
  readonly margin: number;
}

interface Partner {
  readonly here: Direction;
  readonly there: Direction;
  readonly first: Reception;
}

/**
 * Hotspots whose reports disagree with those of the hotspots that they hear. A path takes the same in both directions,
 * whatever stands in it, and a device errs by the same amount for every partner: whom partners hear better is heard better.
 * Signals that were made up put them into any order: by what arrives, or by what is lost beyond free space where the
 * distance was made to fit. A partner that lies itself is out of order with all others, but the usual partner is not.
 */
export const rssiNotMutual: Classifier = (of, vouches) =>
  [...of.heard].flatMap(([key, heard]) => {
    const partners = [...heard].flatMap(([partner, receptions]): Partner[] => {
      const [first] = receptions;
      if (first === undefined || !vouches(partner)) return [];
      const here = directionOf(receptions, factsOf(of, key).gain);
      const there = directionOf(of.heard.get(partner)?.get(key) ?? [], factsOf(of, partner).gain);
      return here === null || there === null ? [] : [{ here, there, first }];
    });
    if (partners.length < LEAST_PARTNERS) return [];
    for (const by of ['signal', 'margin'] as const) {
      const shares = disorderOf(partners, by);
      const usual = median(shares);
      if (shares.length < LEAST_PARTNERS || usual * LEAST_SHARE.of < MILLION * LEAST_SHARE.least) continue;
      const numbers = { partners: shares.length, out_of_order_millionths: usual };
      const what = by === 'signal' ? 'what they receive of it' : 'what is lost beyond free space';
      const says = `by ${what}, its reports put the usual one of ${shares.length} partners into another order with ${Math.round(usual / 10_000)} % of the others`;
      const shown = partners.map(({ first }) => first);
      return findingOf({ reason: 'rssi_not_mutual', accused: [key], shown, numbers, says });
    }
    return [];
  });

function directionOf(receptions: readonly Reception[], gain: number): Direction | null {
  const measured = receptions.flatMap(({ signal, margin }) =>
    signal === null || margin === null ? [] : { signal, margin },
  );
  if (measured.length < LEAST_RECEPTIONS) return null;
  return {
    signal: median(measured.map(({ signal }) => signal)) - gain,
    margin: median(measured.map(({ margin }) => margin)),
  };
}

/** For each partner that is told apart from enough others: with which share of them it is out of order, in millionths. */
function disorderOf(partners: readonly Partner[], by: keyof Direction): readonly number[] {
  return partners.flatMap((one) => {
    const told = partners.filter((other) => Math.abs(one.there[by] - other.there[by]) >= APART_DDB);
    const otherwise = told.filter(
      (other) => (one.here[by] - other.here[by]) * (one.there[by] - other.there[by]) <= 0,
    );
    return told.length < LEAST_TOLD ? [] : Math.floor((MILLION * otherwise.length) / told.length);
  });
}
