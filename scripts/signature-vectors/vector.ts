export interface SignatureVector {
  readonly name: string;
  /** The 33 bytes in hex. */
  readonly key: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

/** What most of the vectors sign. */
export const MESSAGE: Uint8Array = Uint8Array.from(Buffer.from('coverant signature vectors'));
/** A scalar that everybody knows. */
export const SECRET = 0x1234567890abcdefn;

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
export const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
export const littleEndian = (value: bigint): Uint8Array => bytesOf(value).reverse();
export const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes)}`);
