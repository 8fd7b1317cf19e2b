/** Scaled integers: `value / 10^decimals`. No number of this folder is ever a float. */

/** `numerator / denominator` rounded half to even; both are not negative, the denominator is not zero. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** `numerator / denominator` rounded up; both are not negative, the denominator is not zero. */
export function divideUp(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/** Text of a scaled integer with all its decimals: 417n of 4 decimals is `0.0417`. */
export function decimalText(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return value < 0n ? `-${text}` : text;
}

/** Inverse of `decimalText` for values that are not negative; null where the text is no decimal or has more decimals. */
export function parseDecimal(text: string, decimals: number): bigint | null {
  const match = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(text);
  if (match === null) return null;
  const fraction = match[2] ?? '';
  if (fraction.length > decimals) return null;
  return BigInt(`${match[1] ?? '0'}${fraction.padEnd(decimals, '0')}`);
}
