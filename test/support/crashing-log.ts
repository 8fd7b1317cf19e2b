import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { CompactRange } from '#protocol/evidence/merkle';
import { millis } from '#protocol/units';
import { LogError } from '#services/runtime/log/log-error';
import { DISK, type LogFiles } from '#services/runtime/log/log-files';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { verifyEd25519 } from './ed25519.ts';
import { LOG_SIGNER, ORIGIN, reports } from './evidence-log.ts';
import { layOut, LossyDisk, type Fault, type DiskCall, type Survivors } from './lossy-disk.ts';

/** What the log promised the world so far: receipts by index, and every checkpoint that could be read. */
interface Promises {
  readonly leaves: readonly (Uint8Array | undefined)[];
  readonly heads: readonly Checkpoint[];
}

/** A disk at one moment at which the power may have failed, and what had been promised by then. */
export interface Crash {
  readonly left: Survivors;
  readonly promised: Promises;
  /** For messages: which call was the last. */
  readonly after: string;
}

/** Thousands of small folders: in memory where the machine has such a place. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const DIR = 'data/ingest';
const PUBLIC = `${DIR}/public`;
const START = 1_800_000_000_000;
const DELAY_MS = 1000;
const known = { origin: ORIGIN, keys: [LOG_SIGNER.key], verify: verifyEd25519 };

/** Opened by a process that ends well: what its disk does is of no interest. */
const UNSYNCED: LogFiles = {
  ...DISK,
  open: async (path, flags) => {
    const file = await DISK.open(path, flags);
    const write = file.write.bind(file);
    const [truncate, close] = [file.truncate.bind(file), file.close.bind(file)];
    return { write, truncate, close, sync: () => Promise.resolve(), datasync: () => Promise.resolve() };
  },
};

/** A log on a disk that may fail, whose every moment can be had again as a disk after a power loss. */
export class CrashingLog {
  readonly disk: LossyDisk;
  readonly crashes: Crash[] = [];
  readonly fatal: LogError[] = [];
  now: number;
  #leaves: (Uint8Array | undefined)[];
  #heads: Checkpoint[];
  #log: EvidenceLog | undefined;
  readonly #root: string;
  readonly #random: () => number;
  /** Share of the moments that are kept. */
  readonly #share: number;

  static async on(
    crash: Crash | null,
    options: { readonly random: () => number; readonly share: number },
  ): Promise<CrashingLog> {
    const root = await mkdtemp(join(MEMORY, 'coverant-crash-'));
    await mkdir(join(root, 'data'));
    return await new CrashingLog({ root, crash, ...options }).#layOut(crash);
  }

  private constructor(of: {
    readonly root: string;
    readonly crash: Crash | null;
    readonly random: () => number;
    readonly share: number;
  }) {
    this.#root = of.root;
    this.#random = of.random;
    this.#share = of.share;
    this.#leaves = [...(of.crash?.promised.leaves ?? [])];
    this.#heads = [...(of.crash?.promised.heads ?? [])];
    this.now = START + this.#leaves.length;
    this.disk = new LossyDisk(of.root, of.random);
  }

  get size(): number {
    return this.#log?.size ?? 0;
  }

  /** Receipts given so far. */
  get receipts(): number {
    return this.#leaves.filter((leaf) => leaf !== undefined).length;
  }

  async open(): Promise<void> {
    this.disk.onCall = () => {
      this.#look();
    };
    this.#log = await openLog({
      dir: join(this.#root, DIR),
      origin: ORIGIN,
      signer: LOG_SIGNER,
      clock: () => millis(this.now),
      fatal: (error) => this.fatal.push(error),
      files: this.disk.files,
      delayMs: DELAY_MS,
      integrateEveryMs: 2 ** 30,
      segmentBytes: 1500,
    });
  }

  /** Whether all was receipted; a refusal must be one that says so. */
  async append(count: number): Promise<boolean> {
    try {
      const receipts = (await this.#log?.append(reports(count, this.now % 100_000))) ?? [];
      for (const { index, leaf } of receipts) this.#leaves[index] = leaf;
      this.#keep('a receipt');
      return true;
    } catch (error) {
      if (!(error instanceof LogError) || (!error.retryable && this.fatal.length === 0)) throw error;
      return false;
    }
  }

  /** Publishes all that there is; false where the disk did not take it. */
  async publish(): Promise<boolean> {
    this.now += DELAY_MS;
    const done = await this.#log?.integrate().then(
      () => true,
      () => false,
    );
    this.#keep('publishing');
    return done ?? false;
  }

  /** The power fails now. */
  crashNow(): Crash {
    const promised = { leaves: [...this.#leaves], heads: [...this.#heads] };
    return { left: this.disk.survivors(this.#random() < 0.4 ? 'synced' : 'any'), promised, after: 'now' };
  }

  async close(): Promise<void> {
    await this.#log?.close();
  }

  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  async #layOut(crash: Crash | null): Promise<this> {
    this.disk.load(new Map([['data', null]]));
    if (crash === null) return this;
    await layOut(crash.left, this.#root);
    this.disk.load(crash.left);
    return this;
  }

  #look(): void {
    const bytes = this.disk.seen(`${PUBLIC}/checkpoint`);
    if (bytes !== undefined) {
      const head = openCheckpoint(bytes, known);
      if (this.#heads.at(-1)?.size !== head.size) this.#heads.push(head);
    }
    const call = this.disk.calls.at(-1);
    this.#keep(`call ${this.disk.calls.length} (${call?.name ?? ''} ${call?.path ?? ''})`);
  }

  #keep(after: string): void {
    if (this.#random() >= this.#share) return;
    this.crashes.push({ ...this.crashNow(), after });
  }
}

/** What a start after a power loss did not keep; empty where it kept all that was promised. */
export async function brokenPromises({ left, promised, after }: Crash): Promise<readonly string[]> {
  const root = await mkdtemp(join(MEMORY, 'coverant-start-'));
  const dir = join(root, DIR);
  try {
    await mkdir(join(root, 'data'), { recursive: true });
    await layOut(left, root);
    await requireWholeTree(join(root, PUBLIC), left);
    const log = await openLog({
      dir,
      origin: ORIGIN,
      signer: LOG_SIGNER,
      clock: () => millis(START + 1e9),
      fatal: (error) => {
        throw error;
      },
      files: UNSYNCED,
      integrateEveryMs: 2 ** 30,
      delayMs: 0,
    });
    try {
      await log.append(reports(1));
      await log.integrate();
      await requireWholeTree(join(root, PUBLIC));
      const entries = await openJournalReader(join(dir, 'journal')).readEntries(0, log.size);
      return broken(entries.map(nativeLeafHash), promised).map((what) => `after ${after}: ${what}`);
    } finally {
      await log.close();
    }
  } catch (error) {
    return [`after ${after}: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** A checkpoint that can be read stands over a tree of which every file can be read. */
async function requireWholeTree(base: string, left?: Survivors): Promise<void> {
  if (left !== undefined && !left.has(`${PUBLIC}/checkpoint`)) return;
  const reader = publicLogReader({ base });
  const tree = new VerifiedTree(reader, openCheckpoint(await reader.checkpoint(), known));
  await tree.entries(0, tree.size);
}

function broken(leaves: readonly Uint8Array[], promised: Promises): readonly string[] {
  const lost = promised.leaves.flatMap((leaf, index) =>
    leaf === undefined || Buffer.compare(leaf, leaves[index] ?? new Uint8Array(0)) === 0
      ? []
      : [`receipt ${index} is not kept`],
  );
  const range = new CompactRange({ hashNode: nativeNodeHash });
  const roots = [Buffer.from(range.root()).toString('hex')];
  for (const leaf of leaves) {
    range.append(leaf);
    roots.push(Buffer.from(range.root()).toString('hex'));
  }
  const forked = promised.heads.filter(({ size, root }) => roots[size] !== Buffer.from(root).toString('hex'));
  return [...lost, ...forked.map(({ size }) => `checkpoint ${size} is no prefix`)];
}

/** Faults of a disk as they come: a few at any moment, and stretches in which it is full. */
export function randomFaults(random: () => number): (call: DiskCall, at: number) => Fault | undefined {
  let fullUntil = 0;
  return (call, at) => {
    if (random() < 0.01) fullUntil = at + Math.floor(random() * 15);
    const fills = ['write', 'makeFolder', 'rename'].includes(call.name);
    if (fills && at < fullUntil) return 'ENOSPC';
    if (call.name === 'write' && random() < 0.1) return 'short';
    return random() < (call.name.endsWith('sync') ? 0.015 : 0.005) ? 'EIO' : undefined;
  };
}
