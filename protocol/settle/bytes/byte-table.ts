import { base58 } from '@scure/base';
import { ProtocolError, type ErrorContext, type ProtocolErrorCode } from '../../errors.ts';
import { fromHex, toHex } from '../../wire/hex.ts';

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const I64_LIMIT = 0x8000_0000_0000_0000n;

const FIRST_BYTES = 256;

/** Writes the fixed-width little-endian tables of docs/formats.md; a value out of range is a RangeError. */
export class TableWriter {
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  hex(value: string, length: number): this {
    const bytes = fromHex(value);
    if (bytes.length !== length)
      throw new RangeError(`expected ${length} bytes in hex, got ${bytes.length}: ${value}`);
    return this.bytes(bytes);
  }

  address(value: string): this {
    const bytes = base58.decode(value);
    if (bytes.length !== 32)
      throw new RangeError(`expected 32 bytes in base58, got ${bytes.length}: ${value}`);
    return this.bytes(bytes);
  }

  u8(value: number): this {
    const at = this.#unsigned(value, 1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#unsigned(value, 2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#unsigned(value, 4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  i32(value: number): this {
    if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0x7fff_ffff)
      throw new RangeError(`expected an i32, got ${value}`);
    const at = this.#grow(4);
    this.#view.setInt32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    if (value < 0n || value > U64_MAX) throw new RangeError(`expected a u64, got ${String(value)}`);
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, true);
    return this;
  }

  i64(value: bigint): this {
    if (value < -I64_LIMIT || value >= I64_LIMIT)
      throw new RangeError(`expected an i64, got ${String(value)}`);
    const at = this.#grow(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #unsigned(value: number, width: 1 | 2 | 4): number {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * width))
      throw new RangeError(`expected a u${8 * width}, got ${value}`);
    return this.#grow(width);
  }

  /** Where the next `length` bytes go. */
  #grow(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const bytes = new Uint8Array(2 * this.#length);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }
}

/** Reads the same tables; whatever does not fit is a ProtocolError of the given code that names the offset. */
export class TableReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #code: ProtocolErrorCode;
  #offset = 0;

  constructor(bytes: Uint8Array, code: ProtocolErrorCode) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  /** As `bytes`, of the table's own memory: for what is large and not kept beyond it. */
  view(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  hex(length: number): string {
    return toHex(this.view(length));
  }

  address(): string {
    return base58.encode(this.view(32));
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /** A u64 that this code counts with as a number: seconds, milliseconds, sizes. */
  safe(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.error({ expected: 'at most 2^53 - 1', value });
    return Number(value);
  }

  /** A count of entries that take at least `width` bytes each. */
  count(width: number): number {
    const value = this.u32();
    if (value * width > this.remaining)
      throw this.error({ expected: `${value} entries of ${width} bytes`, remaining: this.remaining });
    return value;
  }

  /** The format's version byte. */
  version(known: number): void {
    const version = this.u8();
    if (version !== known) throw this.error({ expected: `version ${known}`, version });
  }

  finish(): void {
    if (this.remaining > 0) throw this.error({ expected: 'the end', remaining: this.remaining });
  }

  error(context: ErrorContext): ProtocolError {
    return new ProtocolError(this.#code, { offset: this.#offset, ...context });
  }

  #take(length: number): number {
    if (length > this.remaining) throw this.error({ expected: `${length} bytes`, remaining: this.remaining });
    const at = this.#offset;
    this.#offset += length;
    return at;
  }
}
