import { createHash, createPublicKey, verify } from 'node:crypto';

/*
 * A reader of logs written from the C2SP texts alone (tlog-tiles, tlog-checkpoint, signed-note) and RFC 6962. It shares
 * no code with the project, so that a mistake there is none here.
 */

export interface SpecHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

export interface Fetched {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

export async function fetchFile(prefix: string, path: string, init: RequestInit = {}): Promise<Fetched> {
  const response = await fetch(`${prefix}/${path}`, init);
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

/** tlog-tiles, "Merkle Tree": zero-padded 3-digit path elements, all but the last beginning with x. */
export function specPath(level: number | 'entries', index: number, width = 256): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const elements = padded.match(/.{3}/g) ?? [];
  const last = elements.pop() ?? '';
  const path = [...elements.map((element) => `x${element}`), last].join('/');
  return `tile/${level}/${path}${width < 256 ? `.p/${width}` : ''}`;
}

/** One log, by its URL prefix and verifier key. */
export class SpecReader {
  readonly #prefix: string;
  readonly #vkey: string;
  readonly #fetched = new Map<string, Promise<Buffer>>();

  constructor(prefix: string, vkey: string) {
    this.#prefix = prefix;
    this.#vkey = vkey;
  }

  /** signed-note and tlog-checkpoint; throws where the note is not one, or not signed by the key. */
  async checkpoint(): Promise<SpecHead> {
    const note = (await fetchFile(this.#prefix, 'checkpoint')).body.toString('utf8');
    const split = note.lastIndexOf('\n\n');
    const [text, lines] = [
      note.slice(0, split + 1),
      note
        .slice(split + 2)
        .trimEnd()
        .split('\n'),
    ];
    const [, name = '', id = '', key = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(this.#vkey) ?? [];
    const typed = Buffer.from(key, 'base64');
    const keyId = createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);
    if (typed[0] !== 1 || keyId.toString('hex') !== id) throw new Error('not an Ed25519 verifier key');
    const x = typed.subarray(1).toString('base64url');
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    const signed = lines.some((line) => {
      const [dash, by, encoded = ''] = line.split(' ');
      const signature = Buffer.from(encoded, 'base64');
      if (dash !== '\u2014' || by !== name || !signature.subarray(0, 4).equals(keyId)) return false;
      return verify(null, Buffer.from(text), publicKey, signature.subarray(4));
    });
    if (!signed) throw new Error('not signed by the log');
    const [origin = '', size = '', root = ''] = text.split('\n');
    return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
  }

  /** MTH(D[start:end]) of RFC 6962 in a tree of `size`, from tiles where they hold it, from its two halves elsewhere. */
  async hash(start: number, end: number, size: number): Promise<Buffer> {
    const width = end - start;
    const level = Math.floor(Math.log2(width) / 8);
    const unit = 256 ** level;
    if (width === unit && start % unit === 0) return await this.#tileHash(level, start / unit, size);
    const middle = start + largestPowerBelow(width);
    return node(await this.hash(start, middle, size), await this.hash(middle, end, size));
  }

  /** PATH(m, D[n]) of RFC 6962, 2.1.1. */
  async path(m: number, start: number, end: number, size: number): Promise<Buffer[]> {
    if (end - start === 1) return [];
    const middle = start + largestPowerBelow(end - start);
    return m < middle
      ? [...(await this.path(m, start, middle, size)), await this.hash(middle, end, size)]
      : [...(await this.path(m, middle, end, size)), await this.hash(start, middle, size)];
  }

  async entries(bundle: number, size: number): Promise<Buffer[]> {
    const width = Math.min(256, size - bundle * 256);
    const bytes = await this.#file(specPath('entries', bundle, width));
    const entries: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at))
      entries.push(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)));
    return entries;
  }

  async #tileHash(level: number, index: number, size: number): Promise<Buffer> {
    const tile = Math.floor(index / 256);
    const width = Math.min(256, Math.floor(size / 256 ** level) - tile * 256);
    const bytes = await this.#file(specPath(level, tile, width));
    if (bytes.length !== width * 32) throw new Error(`a tile of ${width} has ${bytes.length} bytes`);
    return bytes.subarray((index % 256) * 32, (index % 256) * 32 + 32);
  }

  #file(path: string): Promise<Buffer> {
    const held =
      this.#fetched.get(path) ??
      fetchFile(this.#prefix, path).then(({ status, body }) => {
        if (status !== 200) throw new Error(`${path}: ${status}`);
        return body;
      });
    this.#fetched.set(path, held);
    return held;
  }
}

/** The root to which an entry and its audit path lead. */
export function rootOfPath(entry: Buffer, m: number, size: number, path: readonly Buffer[]): Buffer {
  const climb = (start: number, end: number, above: readonly Buffer[]): Buffer => {
    if (end - start === 1) return createHash('sha256').update(Buffer.of(0)).update(entry).digest();
    const middle = start + largestPowerBelow(end - start);
    const [sibling = Buffer.alloc(0), rest] = [above.at(-1), above.slice(0, -1)];
    return m < middle ? node(climb(start, middle, rest), sibling) : node(sibling, climb(middle, end, rest));
  };
  return climb(0, size, path);
}

function node(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

/** RFC 6962: the largest power of two smaller than n. */
function largestPowerBelow(n: number): number {
  return 2 ** (Math.ceil(Math.log2(n)) - 1);
}
