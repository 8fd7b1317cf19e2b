/**
 * Sine, cosine and arc tangent on IEEE + - * / and square root only, each of which rounds correctly everywhere: results
 * are the same bits on every engine. Errors stay below 1e-15.
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
  const phase = ((quarter % 4) + 4) % 4;
  const value = phase % 2 === 0 ? sineSeries(rest) : cosineSeries(rest);
  return phase < 2 ? value : -value;
}

/** Cosine of an angle in whole nanodegrees. */
export function cosine(nanodegrees: number): number {
  return sine(nanodegrees + QUARTER);
}

/** The angle in radians, 0 to pi, of a vector with y >= 0. */
export function arcTangent(y: number, x: number): number {
  if (y === 0 && x === 0) return 0;
  if (x < 0) return PI - arcTangent(y, -x);
  return y <= x ? arcTangentOfRatio(y / x) : PI / 2 - arcTangentOfRatio(x / y);
}

/** Taylor series by Horner's rule, |x| <= pi / 4; the first term left out is below 1e-17. */
function sineSeries(x: number): number {
  const square = x * x;
  let sum = 1;
  for (let n = 16; n >= 2; n -= 2) sum = 1 - (square / (n * (n + 1))) * sum;
  return x * sum;
}

function cosineSeries(x: number): number {
  const square = x * x;
  let sum = 1;
  for (let n = 17; n >= 1; n -= 2) sum = 1 - (square / (n * (n + 1))) * sum;
  return sum;
}

/** 0 <= ratio <= 1: three halvings of the angle bring it below 0.0986, then the alternating series. */
function arcTangentOfRatio(ratio: number): number {
  let t = ratio;
  for (let halving = 0; halving < 3; halving += 1) t = t / (1 + Math.sqrt(1 + t * t));
  const square = t * t;
  let sum = 0;
  for (let n = 17; n >= 1; n -= 2) sum = 1 / n - square * sum;
  return 8 * t * sum;
}
