/** What of unsynced changes outlives a power loss: none, or any of them, a page at a time. */
export type Survival = 'synced' | 'any';

/** Writes reach a disk by sectors or by pages of the file system. */
const PAGES = [512, 4096] as const;
const SMALLEST = PAGES[0];

/** Bytes as they were at the last fsync, and as they became since. */
export class LossyFile {
  /** The first is on disk, the last is what readers see. */
  #versions: Uint8Array[];
  /** Pages that a failed fsync dropped: the kernel takes them for clean, and no later fsync writes them. */
  readonly #dropped = new Set<number>();

  constructor(bytes: Uint8Array) {
    this.#versions = [bytes];
  }

  get seen(): Uint8Array {
    return this.#versions.at(-1) ?? new Uint8Array(0);
  }

  write(bytes: Uint8Array, offset: number): void {
    const next = resized(this.seen, Math.max(this.seen.length, offset + bytes.length));
    next.set(bytes, offset);
    this.#versions.push(next);
    for (let page = Math.floor(offset / SMALLEST); page * SMALLEST < offset + bytes.length; page++)
      this.#dropped.delete(page);
  }

  truncate(length: number): void {
    this.#versions.push(resized(this.seen, length));
  }

  sync(): void {
    const [disk = this.seen] = this.#versions;
    const durable = this.seen.slice();
    for (const page of this.#dropped) copyPage({ from: disk, to: durable, page, size: SMALLEST });
    this.#versions = this.#dropped.size === 0 ? [this.seen] : [durable, this.seen];
  }

  failSync(): void {
    for (let page = 0; page * SMALLEST < this.seen.length; page++) {
      const [from, to] = [page * SMALLEST, (page + 1) * SMALLEST];
      const [disk = this.seen] = this.#versions;
      if (Buffer.compare(disk.subarray(from, to), this.seen.subarray(from, to)) !== 0)
        this.#dropped.add(page);
    }
  }

  /** One of the files that a power loss may leave. */
  survivor(survival: Survival, random: () => number): Uint8Array {
    const [disk = this.seen] = this.#versions;
    if (survival === 'synced') return disk;
    const any = (): Uint8Array => this.#versions[Math.floor(random() * this.#versions.length)] ?? disk;
    // Of a file whose fsync failed the size may be new while its bytes never came.
    const left = resized(new Uint8Array(0), any().length);
    const size = PAGES[Math.floor(random() * PAGES.length)] ?? SMALLEST;
    for (let page = 0; page * size < left.length; page++) copyPage({ from: any(), to: left, page, size });
    for (const page of this.#dropped) copyPage({ from: disk, to: left, page, size: SMALLEST });
    return left;
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}

/** What the source lacks becomes zeros. */
function copyPage(of: {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly page: number;
  readonly size: number;
}): void {
  const [start, end] = [of.page * of.size, Math.min((of.page + 1) * of.size, of.to.length)];
  if (start >= end) return;
  of.to.fill(0, start, end);
  of.to.set(of.from.subarray(start, end), start);
}
