/** Trigonometry in fixed point with 60 decimals: slow, plain series, to hold the fast one to. */

const DECIMALS = 60n;
export const ONE = 10n ** DECIMALS;

export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) / ONE;
}

export function squareRoot(value: bigint): bigint {
  let root = ONE;
  for (;;) {
    const next = (root + (value * ONE) / root) / 2n;
    const step = next > root ? next - root : root - next;
    root = next;
    if (step <= 1n || root === 0n) return root;
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
  return (BigInt(nanodegrees) * PI) / 180_000_000_000n;
}

export function sine(x: bigint): bigint {
  let sum = 0n;
  for (let n = 1n, term = x; term !== 0n; n += 2n, term = -multiply(multiply(term, x), x) / ((n - 1n) * n))
    sum += term;
  return sum;
}

export function cosine(x: bigint): bigint {
  return sine(x + PI / 2n);
}

/** Of a vector with y >= 0: the half angle until the series converges fast. */
export function arcTangent(y: bigint, x: bigint): bigint {
  if (y === 0n) return x < 0n ? PI : 0n;
  const length = squareRoot(multiply(x, x) + multiply(y, y));
  // tan(a / 2) = (length - x) / y, which is exact at every angle above 0.
  let t = x < 0n ? ((length - x) * ONE) / y : (y * ONE) / (length + x);
  let scale = 2n;
  for (let halving = 0; halving < 12; halving += 1, scale *= 2n)
    t = (t * ONE) / (ONE + squareRoot(ONE + multiply(t, t)));
  let sum = 0n;
  for (let n = 1n, term = t; term !== 0n; n += 2n, term = -multiply(multiply(term, t), t)) sum += term / n;
  return scale * sum;
}
