import { p256 } from '@noble/curves/nist.js';
import { bytesOf, hex, join, MESSAGE, numberOf, SECRET, type SignatureVector } from './vector.ts';

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

/** Edge cases of P-256 in strict DER. */
export function p256Vectors(): readonly SignatureVector[] {
  const vectors: SignatureVector[] = [];
  // A secret whose point is compact: its y is the smaller of the two.
  const compactSecret = ((): bigint => {
    for (let secret = SECRET; ; secret += 1n) {
      const { y } = p256.Point.BASE.multiply(secret).toAffine();
      if (y < p256.Point.Fp.ORDER - y) return secret;
    }
  })();
  const keyOf = (secret: bigint): Uint8Array => bytesOf(p256.Point.BASE.multiply(secret).toAffine().x);
  const x = keyOf(compactSecret);
  const sign = (secret: bigint, of: Uint8Array = MESSAGE): { readonly r: bigint; readonly s: bigint } => {
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
      message: hex(options.of ?? MESSAGE),
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
  vectors.push({
    name: 'P-256: hello world',
    key: '00676cbd3ae59d2bd53c159914063c522b6b510b478b4a6bc6c2f013a8f8438f10',
    message: hex(Buffer.from('hello world')),
    signature:
      '304402206d791eb96bcc7d0ef403bc7a653fd99a6906374ec9e4aff1d5907d4890e8dd3302204b4c93c7637b22565b944201df9c806d684165802b8a1cd91d4d7799c950e466',
    valid: true,
  });
  return vectors;
}
