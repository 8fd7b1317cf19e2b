/**
 * Sine, cosine and arc tangent on IEEE + - * / only, each of which rounds correctly everywhere: results are the same
 * bits on every engine. Sines and cosines err by less than 2e-16, arc tangents by less than 5e-16 (a test holds them to
 * 60 decimals).
 */

const PI = 3.141592653589793;
/** Nanodegrees of a quarter turn. */
const QUARTER = 90_000_000_000;
const RADIANS_PER_NANODEGREE = PI / (2 * QUARTER);

/** Sine of an angle in whole nanodegrees. */
export function sine(nanodegrees: number): number {
  const quarter = Math.floor((nanodegrees + QUARTER / 2) / QUARTER);
  // Exact: both are integers below 2^53. What is left is within an eighth of a turn.
  const rest = (nanodegrees - quarter * QUARTER) * RADIANS_PER_NANODEGREE;
  const value = (quarter & 1) === 0 ? sineSeries(rest) : cosineSeries(rest);
  return (quarter & 2) === 0 ? value : -value;
}

/** Cosine of an angle in whole nanodegrees. */
export function cosine(nanodegrees: number): number {
  return sine(nanodegrees + QUARTER);
}

/** The angle in radians, 0 to pi, of a vector with y >= 0; 0 for the null vector. */
export function arcTangent(y: number, x: number): number {
  if (y === 0 && x === 0) return 0;
  if (x < 0) return PI - arcTangent(y, -x);
  return y <= x ? arcTangentOfRatio(y / x) : PI / 2 - arcTangentOfRatio(x / y);
}

/** Taylor's series, |x| <= pi / 4: the first terms left out are below 3e-18. */
function sineSeries(x: number): number {
  const z = x * x;
  const end = z * (1 / 1307674368000 - z / 355687428096000);
  const tail = z * (1 / 362880 - z * (1 / 39916800 - z * (1 / 6227020800 - end)));
  return x - x * z * (1 / 6 - z * (1 / 120 - z * (1 / 5040 - tail)));
}

function cosineSeries(x: number): number {
  const z = x * x;
  const end = z * (1 / 87178291200 - z / 20922789888000);
  const tail = z * (1 / 40320 - z * (1 / 3628800 - z * (1 / 479001600 - end)));
  return 1 - z * (1 / 2 - z * (1 / 24 - z * (1 / 720 - tail)));
}

/** Arc tangents of 0/8, 1/8, ... 8/8. */
const EIGHTHS: readonly number[] = [
  0, 0.12435499454676144, 0.24497866312686414, 0.35877067027057225, 0.4636476090008061, 0.5585993153435624,
  0.6435011087932844, 0.7188299996216245, 0.7853981633974483,
];

/** 0 <= ratio <= 1: the angle beyond the nearest eighth is below 1/16; the first term left out is below 2e-17. */
function arcTangentOfRatio(ratio: number): number {
  const eighth = Math.floor(8 * ratio + 0.5);
  const t = (ratio - eighth / 8) / (1 + (ratio * eighth) / 8);
  const z = t * t;
  return (EIGHTHS[eighth] ?? 0) + (t - t * z * (1 / 3 - z * (1 / 5 - z * (1 / 7 - z * (1 / 9 - z / 11)))));
}
