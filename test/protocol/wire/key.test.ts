import fc from 'fast-check';
import { hex } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { ProtocolError, type ProtocolErrorCode } from '#protocol/errors';
import {
  keyBody,
  keyBytes,
  keyFromText,
  keyNetwork,
  keyText,
  keyType,
  keyTypeNibble,
  parseKey,
} from '#protocol/wire/key';

const P256_HEX = '00676cbd3ae59d2bd53c159914063c522b6b510b478b4a6bc6c2f013a8f8438f10';
const P256_TEXT = '11nYr7TBMbpGiQadiCxGCPZFZ8ENo1JNtbS7aB5U7UXn4a8Dvb3';

function codeOf(run: () => unknown): ProtocolErrorCode | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe('a hotspot key', () => {
  test('is known by its text and by its bytes', () => {
    const key = keyFromText(P256_TEXT);
    expect(key).toBe(P256_HEX);
    expect(keyText(key)).toBe(P256_TEXT);
    expect(parseKey(hex.decode(P256_HEX))).toBe(key);
    expect([keyType(key), keyNetwork(key), keyTypeNibble(key)]).toEqual(['ecc_compact', 'mainnet', 0]);
    expect(hex.encode(keyBody(key))).toBe(P256_HEX.slice(2));
  });

  test('of ed25519 on either network survives text and bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean(), (body, testnet) => {
        const bytes = Uint8Array.of(testnet ? 0x11 : 0x01, ...body);
        const key = parseKey(bytes);
        expect(keyFromText(keyText(key))).toBe(key);
        expect(keyBytes(key)).toEqual(bytes);
        expect([keyType(key), keyNetwork(key)]).toEqual(['ed25519', testnet ? 'testnet' : 'mainnet']);
      }),
      { seed: 1 },
    );
  });

  test.each([
    ['secp256k1 with its length', '03' + '11'.repeat(33)],
    ['RSA with its length', '04' + '11'.repeat(270)],
    ['RSA on the test network', '14' + '11'.repeat(270)],
    ['multisig', '02' + '11'.repeat(40)],
    ['a type that nobody knows', '0f' + '11'.repeat(32)],
  ])('of another type is refused as such: %s', (_, bytes) => {
    expect(codeOf(() => parseKey(hex.decode(bytes)))).toBe('unsupported_key_type');
  });

  test.each([
    ['empty', ''],
    ['a tag alone', '01'],
    ['32 bytes', '01' + '11'.repeat(31)],
    ['34 bytes', '01' + '11'.repeat(33)],
    ['another network', '21' + '11'.repeat(32)],
    ['x that no point of P-256 has', '00' + '00'.repeat(31) + '01'],
    ['x = p + 5, beyond the field', '00ffffffff00000001000000000000000000000001000000000000000000000004'],
  ])('that is none is refused as malformed: %s', (_, bytes) => {
    expect(codeOf(() => parseKey(hex.decode(bytes)))).toBe('malformed_key');
  });

  test.each([
    ['empty', ''],
    ['not base58', '0OIl'],
    ['a digit changed', P256_TEXT.replace('M', 'N')],
    ['cut', P256_TEXT.slice(0, -1)],
    ['very long', '1'.repeat(100_000)],
  ])('with a damaged text is refused: %s', (_, text) => {
    expect(codeOf(() => keyFromText(text))).toBe('malformed_key');
  });
});
