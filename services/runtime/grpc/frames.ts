import { grpcRefusal } from './refusals.ts';

/** A byte that says whether the message is compressed, and its length. */
const PREFIX_BYTES = 5;
const FIRST_BYTES = 512;

/** A message with its prefix, not compressed. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Cuts a byte stream into messages; refuses a length above the limit before it keeps a byte of the message. */
export class FrameReader {
  readonly #limit: number;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixFilled = 0;
  #length = 0;
  /** Grows with what has come, so that a promised length costs nothing. */
  #body: Uint8Array = new Uint8Array(0);
  #filled = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a message has begun and is not whole. */
  get partial(): boolean {
    return this.#prefixFilled > 0;
  }

  /** The messages that these bytes complete, each in memory of its own. Throws a GrpcRefusal. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#prefixFilled < PREFIX_BYTES) at += this.#takePrefix(chunk, at);
      at += this.#takeBody(chunk, at);
      if (this.#prefixFilled < PREFIX_BYTES || this.#filled < this.#length) continue;
      messages.push(this.#body.length === this.#length ? this.#body : this.#body.slice(0, this.#length));
      this.#body = new Uint8Array(0);
      this.#prefixFilled = 0;
      this.#filled = 0;
      this.#length = 0;
    }
    return messages;
  }

  #takePrefix(chunk: Uint8Array, at: number): number {
    const taken = Math.min(PREFIX_BYTES - this.#prefixFilled, chunk.length - at);
    this.#prefix.set(chunk.subarray(at, at + taken), this.#prefixFilled);
    this.#prefixFilled += taken;
    if (this.#prefixFilled < PREFIX_BYTES) return taken;
    this.#length = this.#prefix.readUInt32BE(1);
    if (this.#length > this.#limit)
      throw grpcRefusal('message_too_large', `${this.#length} of ${this.#limit} bytes`);
    if (this.#prefix[0] !== 0) throw grpcRefusal('compressed_message');
    return taken;
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#length - this.#filled, chunk.length - at);
    if (taken <= 0) return 0;
    const needed = this.#filled + taken;
    if (needed > this.#body.length) {
      const grown = new Uint8Array(
        needed === this.#length ? needed : Math.min(this.#length, Math.max(2 * needed, FIRST_BYTES)),
      );
      grown.set(this.#body.subarray(0, this.#filled));
      this.#body = grown;
    }
    this.#body.set(chunk.subarray(at, at + taken), this.#filled);
    this.#filled = needed;
    return taken;
  }
}
