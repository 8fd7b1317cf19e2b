import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { hex, join, littleEndian, MESSAGE, numberOf, SECRET, type SignatureVector } from './vector.ts';

const Ed = ed25519.Point;
const L = Ed.Fn.ORDER;
const P = Ed.Fp.ORDER;

function hashScalar(R: Uint8Array, A: Uint8Array, of: Uint8Array): bigint {
  return numberOf(sha512(join(R, A, of)).reverse()) % L;
}

function edSign(input: {
  readonly A: Uint8Array;
  readonly secret?: bigint;
  readonly message?: Uint8Array;
  readonly R?: Uint8Array;
  readonly nonce?: bigint;
}): { readonly R: Uint8Array; readonly s: bigint } {
  const { A, secret = SECRET, nonce = 0xfedcba0987654321n } = input;
  const R = input.R ?? Ed.BASE.multiply(nonce).toBytes();
  return { R, s: (nonce + hashScalar(R, A, input.message ?? MESSAGE) * secret) % L };
}

/** A point of order eight, found by clearing the large factor of the first hashes that are points. */
function torsionPoint(): InstanceType<typeof Ed> {
  for (let seed = 0; ; seed += 1) {
    const candidate = sha512(Uint8Array.of(seed)).slice(0, 32);
    try {
      const point = Ed.fromBytes(candidate, true);
      const torsion = point.multiplyUnsafe(L - 1n).add(point);
      if (!torsion.multiplyUnsafe(4n).equals(Ed.ZERO)) return torsion;
    } catch {
      continue;
    }
  }
}

/** Edge cases of ed25519 without a cofactor. */
export function ed25519Vectors(): readonly SignatureVector[] {
  const vectors: SignatureVector[] = [];
  const ed = (name: string, A: Uint8Array, signature: Uint8Array, valid: boolean, of = MESSAGE): void => {
    vectors.push({ name, key: `01${hex(A)}`, message: hex(of), signature: hex(signature), valid });
  };
  const A = Ed.BASE.multiply(SECRET).toBytes();
  const { R, s } = edSign({ A });
  const good = join(R, littleEndian(s));
  ed('ed25519: valid', A, good, true);
  ed(
    'ed25519: valid over an empty message',
    A,
    ((empty) => join(empty.R, littleEndian(empty.s)))(edSign({ A, message: new Uint8Array(0) })),
    true,
    new Uint8Array(0),
  );
  ed('ed25519: another message', A, good, false, Uint8Array.of(1));
  ed('ed25519: s + L', A, join(R, littleEndian(s + L)), false);
  ed('ed25519: s = L', A, join(R, littleEndian(L)), false);
  ed('ed25519: s = 2^256 - 1', A, join(R, new Uint8Array(32).fill(0xff)), false);
  ed('ed25519: 63 bytes', A, good.slice(0, 63), false);
  ed('ed25519: 65 bytes', A, join(good, Uint8Array.of(0)), false);
  ed('ed25519: empty signature', A, new Uint8Array(0), false);
  ed('ed25519: all zero', A, new Uint8Array(64), false);
  for (const bit of [0, 100, 255, 256, 400, 507]) {
    const flipped = Uint8Array.from(good);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    ed(`ed25519: bit ${bit} flipped`, A, flipped, false);
  }
  const torsion = torsionPoint();
  for (let order = 0; order < 8; order += 1) {
    const small = order === 0 ? Ed.ZERO : torsion.multiplyUnsafe(BigInt(order));
    const encoded = small.toBytes();
    // With secret 0 the equation without cofactor holds whenever h times the small point vanishes.
    for (let attempt = 0, held = false; attempt < 64 && !held; attempt += 1) {
      const of = Uint8Array.of(order, attempt);
      const made = edSign({ A: encoded, secret: 0n, message: of });
      held = small.multiplyUnsafe(hashScalar(made.R, encoded, of) || L).equals(Ed.ZERO);
      if (held)
        ed(
          `ed25519: A of small order, ${order} times the torsion point`,
          encoded,
          join(made.R, littleEndian(made.s)),
          false,
          of,
        );
    }
    // R of small order, with s so that the equation holds where the point is zero.
    const made = edSign({ A, R: encoded, nonce: 0n });
    ed(
      `ed25519: R of small order, ${order} times the torsion point`,
      A,
      join(encoded, littleEndian(made.s)),
      false,
    );
  }
  // The same points under other encodings: y + p, and x = 0 with its sign bit set.
  for (const [name, y] of [
    ['y = p', P],
    ['y = p + 1', P + 1n],
    ['y = 1, sign set', 1n | (1n << 255n)],
    ['y = -1, sign set', (P - 1n) | (1n << 255n)],
    ['y = p + 1, sign set', (P + 1n) | (1n << 255n)],
  ] as const) {
    const encoded = littleEndian(y);
    const made = edSign({ A: encoded, secret: 0n });
    ed(`ed25519: A not canonical, ${name}`, encoded, join(made.R, littleEndian(made.s)), false);
    const bad = edSign({ A, R: encoded, nonce: 0n });
    ed(`ed25519: R not canonical, ${name}`, A, join(encoded, littleEndian(bad.s)), false);
  }
  // y = p + 3 decodes to the point with y = 3, which is of large order: a canonical copy is no small-order refusal.
  for (let offset = 2n; offset < 19n; offset += 1n) {
    try {
      Ed.fromBytes(littleEndian(offset));
    } catch {
      continue;
    }
    const encoded = littleEndian(P + offset);
    ed(`ed25519: A not canonical, y = p + ${offset}`, encoded, good, false);
    ed(`ed25519: R not canonical, y = p + ${offset}`, A, join(encoded, littleEndian(s)), false);
  }
  // Mixed order: without cofactor it depends on h, with one it would always verify.
  const mixed = Ed.BASE.multiply(SECRET).add(torsion);
  const encoded = mixed.toBytes();
  const wanted = new Set([true, false]);
  for (let attempt = 0; wanted.size > 0; attempt += 1) {
    const of = Uint8Array.of(attempt);
    const made = edSign({ A: encoded, message: of });
    const valid = hashScalar(made.R, encoded, of) % 8n === 0n;
    if (!wanted.delete(valid)) continue;
    const outcome = valid ? 'the equation holds' : 'it holds only times the cofactor';
    ed(`ed25519: A of mixed order, ${outcome}`, encoded, join(made.R, littleEndian(made.s)), valid, of);
  }
  const mixedR = Ed.BASE.multiply(0xfedcba0987654321n).add(torsion).toBytes();
  const withMixedR = edSign({ A, R: mixedR });
  ed('ed25519: R of mixed order', A, join(mixedR, littleEndian(withMixedR.s)), false);
  const offCurve = littleEndian(2n);
  ed('ed25519: A not on the curve', offCurve, good, false);
  return vectors;
}
