import { writeFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';

/** Writes test/vectors/signatures.json: edge cases of the strict rule, made from fixed scalars. */

interface Vector {
  readonly name: string;
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
const littleEndian = (value: bigint): Uint8Array => bytesOf(value).reverse();
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes)}`);
const vectors: Vector[] = [];
const message = Uint8Array.from(Buffer.from('coverant signature vectors'));

const Ed = ed25519.Point;
const L = Ed.Fn.ORDER;
const P = Ed.Fp.ORDER;
const SECRET = 0x1234567890abcdefn;

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
  return { R, s: (nonce + hashScalar(R, A, input.message ?? message) * secret) % L };
}

function ed(
  name: string,
  A: Uint8Array,
  signature: Uint8Array,
  valid: boolean,
  of: Uint8Array = message,
): void {
  vectors.push({ name, key: `01${hex(A)}`, message: hex(of), signature: hex(signature), valid });
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

function ed25519Vectors(): void {
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
}

const N = p256.Point.Fn.ORDER;

function derInteger(value: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x02, value.length), value);
}

function minimal(value: bigint): Uint8Array {
  const digits = value.toString(16);
  const bytes = Uint8Array.from(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
  return (bytes[0] ?? 0) >= 0x80 ? join(Uint8Array.of(0), bytes) : bytes;
}

function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  const body = join(...parts);
  return join(Uint8Array.of(0x30, body.length), body);
}

function p256Vectors(): void {
  // A secret whose point is compact: its y is the smaller of the two.
  const compactSecret = ((): bigint => {
    for (let secret = SECRET; ; secret += 1n) {
      const { y } = p256.Point.BASE.multiply(secret).toAffine();
      if (y < p256.Point.Fp.ORDER - y) return secret;
    }
  })();
  const keyOf = (secret: bigint): Uint8Array => bytesOf(p256.Point.BASE.multiply(secret).toAffine().x);
  const x = keyOf(compactSecret);
  const sign = (secret: bigint, of: Uint8Array = message): { readonly r: bigint; readonly s: bigint } => {
    const raw = p256.sign(of, bytesOf(secret), { lowS: true, format: 'compact' });
    return { r: numberOf(raw.slice(0, 32)), s: numberOf(raw.slice(32)) };
  };
  const add = (
    name: string,
    signature: Uint8Array,
    valid: boolean,
    options: { key?: Uint8Array; of?: Uint8Array } = {},
  ): void => {
    vectors.push({
      name: `P-256: ${name}`,
      key: `00${hex(options.key ?? x)}`,
      message: hex(options.of ?? message),
      signature: hex(signature),
      valid,
    });
  };
  const { r, s } = sign(compactSecret);
  const [R, S] = [derInteger(minimal(r)), derInteger(minimal(s))];
  const good = derSequence(R, S);
  add('valid, low s', good, true);
  add('valid, high s', derSequence(R, derInteger(minimal(N - s))), true);
  add('another message', good, false, { of: Uint8Array.of(1) });
  for (const [name, value] of [
    ['0', 0n],
    ['n', N],
    ['2^256 - 1', (1n << 256n) - 1n],
  ] as const) {
    add(`r = ${name}`, derSequence(derInteger(minimal(value)), S), false);
    add(`s = ${name}`, derSequence(R, derInteger(minimal(value))), false);
  }
  add('r = 1', derSequence(derInteger(minimal(1n)), S), false);
  add('s = n - 1', derSequence(R, derInteger(minimal(N - 1n))), false);
  add('s + n', derSequence(R, derInteger(minimal(s + N))), false);
  add('r + n', derSequence(derInteger(minimal(r + N)), S), false);
  // Encodings of the same integers that are not DER.
  const zeros = Uint8Array.of(0);
  add('r with a leading zero too many', derSequence(derInteger(join(zeros, minimal(r))), S), false);
  add('s with a leading zero too many', derSequence(R, derInteger(join(zeros, minimal(s)))), false);
  const high = [r, s, N - s].find((value) => minimal(value)[0] === 0) ?? 0n;
  add(
    'a high integer without its leading zero',
    derSequence(derInteger(bytesOf(high)), derInteger(bytesOf(high))),
    false,
  );
  add('empty integer', derSequence(R, Uint8Array.of(0x02, 0x00)), false);
  add('length in long form', join(Uint8Array.of(0x30, 0x81, good.length - 2), good.slice(2)), false);
  add('indefinite length', join(Uint8Array.of(0x30, 0x80), good.slice(2), Uint8Array.of(0, 0)), false);
  add(
    'integer length in long form',
    derSequence(join(Uint8Array.of(0x02, 0x81, minimal(r).length), minimal(r)), S),
    false,
  );
  add('trailing byte after the sequence', join(good, zeros), false);
  add('trailing byte in the sequence', derSequence(R, S, zeros), false);
  add('third integer', derSequence(R, S, derInteger(Uint8Array.of(1))), false);
  add('one integer', derSequence(R), false);
  add('cut by a byte', good.slice(0, -1), false);
  add('sequence too long by one', join(Uint8Array.of(0x30, good.length - 1), good.slice(2)), false);
  add('sequence too short by one', join(Uint8Array.of(0x30, good.length - 3), good.slice(2)), false);
  add('set instead of sequence', join(Uint8Array.of(0x31), good.slice(1)), false);
  add('octet string instead of integer', derSequence(join(Uint8Array.of(0x04), R.slice(1)), S), false);
  add('raw r || s', join(bytesOf(r), bytesOf(s)), false);
  add('empty signature', new Uint8Array(0), false);
  for (const [name, from] of [
    ['short r', 'r'],
    ['short s', 's'],
  ] as const) {
    // An integer below 2^248 needs fewer bytes; both are as good as any.
    for (let attempt = 0; ; attempt += 1) {
      const of = Uint8Array.from(Buffer.from(`${name} ${attempt}`));
      const made = sign(compactSecret, of);
      if (made[from] >= 1n << 248n) continue;
      add(`valid, ${name}`, derSequence(derInteger(minimal(made.r)), derInteger(minimal(made.s))), true, {
        of,
      });
      break;
    }
  }
  // Of the two points with one x the compact key means the one with the smaller y.
  const mirrored = sign(N - compactSecret);
  add(
    'signed for the point with the larger y',
    derSequence(derInteger(minimal(mirrored.r)), derInteger(minimal(mirrored.s))),
    false,
  );
  const offCurve = ((): Uint8Array => {
    for (let candidate = 1n; ; candidate += 1n) {
      try {
        p256.Point.fromBytes(join(Uint8Array.of(2), bytesOf(candidate)));
      } catch {
        return bytesOf(candidate);
      }
    }
  })();
  add('x not on the curve', good, false, { key: offCurve });
  add('x = p + 5', good, false, { key: bytesOf(p256.Point.Fp.ORDER + 5n) });
}

ed25519Vectors();
p256Vectors();
vectors.push({
  name: 'P-256: hello world',
  key: '00676cbd3ae59d2bd53c159914063c522b6b510b478b4a6bc6c2f013a8f8438f10',
  message: hex(Buffer.from('hello world')),
  signature:
    '304402206d791eb96bcc7d0ef403bc7a653fd99a6906374ec9e4aff1d5907d4890e8dd3302204b4c93c7637b22565b944201df9c806d684165802b8a1cd91d4d7799c950e466',
  valid: true,
});
const note =
  'Edge cases of the signature rule (protocol/crypto/signature-rules.ts), made by scripts/make-signature-vectors.ts. Keys are the 33 binary bytes; every verifier must give `valid`.';
writeFileSync(
  new URL('../test/vectors/signatures.json', import.meta.url),
  `${JSON.stringify({ note, vectors }, null, 1)}\n`,
);
console.log(`${vectors.length} vectors, ${vectors.filter(({ valid }) => valid).length} of them valid`);
