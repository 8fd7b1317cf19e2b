/** NIST P-256: y^2 = x^3 - 3x + B over the integers mod P; N is the order of its group. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
/** Order of the group of P-256. */
export const P256_ORDER: bigint = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Whether 32 big-endian bytes are the x coordinate of a point on P-256. */
export function isPointX(bytes: Uint8Array): boolean {
  return pointY(bytes) !== null;
}

/** The smaller of the two y of a point with this x (the compact form), or null where there is none. */
export function pointY(bytes: Uint8Array): bigint | null {
  const x = bigintOf(bytes);
  if (x >= P) return null;
  const square = ((((x * x - 3n) * x + B) % P) + P) % P;
  // P = 3 mod 4: the root, if there is one, is the square to the (P + 1) / 4.
  const y = power(square, (P + 1n) / 4n);
  if ((y * y) % P !== square) return null;
  return y > P - y ? P - y : y;
}

/** Big-endian bytes as an integer. */
export function bigintOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let bits = exponent, square = base; bits > 0n; bits >>= 1n, square = (square * square) % P)
    if ((bits & 1n) === 1n) result = (result * square) % P;
  return result;
}
