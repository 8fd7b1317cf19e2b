import type { Random } from '#services/simulate/medium/random';

/**
 * When a fielded hotspot beacons next (seconds since 1970), asked at the server's time of each accepted region answer; the
 * intervals are counted from 1970. A time that is still to come stays. One that has passed in this interval gives a
 * random second of the next one, an older one a random second of the rest of this one. At first a random second of this
 * interval is taken and asked again: the first beacon is within 0 to 2 intervals.
 */
export function nextBeaconTime(of: {
  readonly now: number;
  readonly last: number | null;
  readonly intervalS: number;
  readonly random: Random;
}): number {
  const { now, intervalS, random } = of;
  const within = (seconds: number): number => Math.floor(random() * seconds);
  const begin = now - (now % intervalS);
  const next = begin + intervalS;
  const last = of.last ?? begin + within(intervalS);
  if (last > now) return last;
  return last >= begin ? next + within(intervalS) : now + within(next - now);
}
