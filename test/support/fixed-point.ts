/** Arithmetic in fixed point with 200 binary places, 60 decimal ones: plain series, to hold the fast functions to. */

const PLACES = 200n;
export const ONE = 1n << PLACES;

/** Nanodegrees of a degree. */
const DEGREE = 1_000_000_000;

export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) >> PLACES;
}

function divide(a: bigint, b: bigint): bigint {
  return (a << PLACES) / b;
}

/** The exact value of a double. */
export function fixed(value: number): bigint {
  // A power of two scales without rounding, and no double that matters here has bits below 2^-100.
  return BigInt(value * 2 ** 100) << (PLACES - 100n);
}

/** The double closest to a value, or next to that. */
export function asNumber(value: bigint): number {
  return Number(value) / 2 ** 200;
}

export function squareRoot(value: bigint): bigint {
  if (value <= 0n) return 0n;
  const square = value << PLACES;
  let root = 1n << BigInt((square.toString(16).length * 4) / 2 + 1);
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** atan(1 / n). */
function arcTangentOfInverse(n: bigint): bigint {
  let sum = 0n;
  for (let k = 1n, term = ONE / n; term !== 0n; k += 2n, term = -term / (n * n)) sum += term / k;
  return sum;
}

export const PI: bigint = 4n * (4n * arcTangentOfInverse(5n) - arcTangentOfInverse(239n));

export function radians(nanodegrees: number): bigint {
  return (BigInt(nanodegrees) * PI) / (180n * BigInt(DEGREE));
}

interface SineAndCosine {
  readonly sin: bigint;
  readonly cos: bigint;
}

/** Both series at once. */
function series(x: bigint): SineAndCosine {
  let [sin, cos] = [0n, 0n];
  for (let n = 1n, term = ONE; term !== 0n; n += 1n) {
    if (n % 2n === 1n) cos += n % 4n === 1n ? term : -term;
    else sin += n % 4n === 2n ? term : -term;
    term = multiply(term, x) / n;
  }
  return { sin, cos };
}

const degrees: readonly SineAndCosine[] = Array.from({ length: 360 }, (_, at) =>
  series(radians(at * DEGREE)),
);

/** Of an angle in whole nanodegrees: whole degrees from the series once, what is left by the series and the sum of angles. */
export function sineAndCosine(nanodegrees: number): SineAndCosine {
  const whole = Math.floor(nanodegrees / DEGREE);
  const part = series(radians(nanodegrees - whole * DEGREE));
  const base = degrees[((whole % 360) + 360) % 360] ?? part;
  return {
    sin: multiply(base.sin, part.cos) + multiply(base.cos, part.sin),
    cos: multiply(base.cos, part.cos) - multiply(base.sin, part.sin),
  };
}

/** Radians of the vector (x, y): a guess in nanodegrees, and the series of the small angle that it leaves. */
export function arcTangent(y: bigint, x: bigint): bigint {
  const guess = Math.round((Math.atan2(Number(y), Number(x)) * 180 * DEGREE) / Math.PI);
  const { sin, cos } = sineAndCosine(guess);
  const t = divide(multiply(y, cos) - multiply(x, sin), multiply(x, cos) + multiply(y, sin));
  let sum = 0n;
  for (let n = 1n, power = t; power !== 0n; n += 2n, power = -multiply(multiply(power, t), t))
    sum += power / n;
  return radians(guess) + sum;
}
