import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal, type Journal } from '#services/runtime/log/journal';
import { DISK, type LogFiles } from '#services/runtime/log/log-files';
import { journalSource, publicSource, type LogSource } from '#services/verify/logs/log-source';
import { originOf } from './logs.ts';
import { publicLog, type PublicLog } from './public-log.ts';
import { policyAtStart, type LineWorld } from './world.ts';

/** Nothing is public earlier. */
const HIDDEN_MS = 15_000;

/** A world's logs as they grow: the own one as a journal on disk, the others as the files that their ingests serve. */
export class GrowingLogs {
  readonly #world: LineWorld;
  readonly #public: readonly PublicLog[];
  readonly #dir: string;
  readonly #journal: Journal;

  static async open(world: LineWorld): Promise<GrowingLogs> {
    const dir = await mkdtemp(join(tmpdir(), 'coverant-line-'));
    const journal = await openJournal({
      dir: join(dir, 'journal'),
      origin: originOf(world.own),
      segmentBytes: 65_536,
      files: { ...DISK, open: unsynced },
      visit: () => undefined,
    });
    return new GrowingLogs({ world, dir, journal });
  }

  private constructor(of: { readonly world: LineWorld; readonly dir: string; readonly journal: Journal }) {
    this.#world = of.world;
    this.#public = of.world.logs.map(publicLog);
    this.#dir = of.dir;
    this.#journal = of.journal;
  }

  /** What a new process reads, in the policy's order. */
  sources(): readonly LogSource[] {
    const { verify } = this.#world.signing;
    return policyAtStart(this.#world).logs.flatMap((log, at): LogSource | readonly LogSource[] => {
      const reader = this.#public[at]?.reader;
      if (at === this.#world.own)
        return journalSource({ origin: log.origin, dir: join(this.#dir, 'journal') });
      return reader === undefined ? [] : publicSource({ log, verify, reader });
    });
  }

  /** Lets them grow to a time; of records received after `until` only by what nobody may judge before those. */
  async growTo(clock: number, of: { readonly lag: number; readonly until: number }): Promise<void> {
    const { logs, own } = this.#world;
    const alone = logs.length === 1;
    for (const [at, { entries }] of logs.entries()) {
      const isShown = ({ at: written, receivedAt }: (typeof entries)[number]): boolean =>
        at === own
          ? written <= clock - Math.min(of.lag, 1000) && (!alone || receivedAt <= of.until)
          : receivedAt <= Math.min(of.until, clock - HIDDEN_MS - of.lag);
      const hidden = entries.findIndex((entry) => !isShown(entry));
      const size = hidden < 0 ? entries.length : hidden;
      if (at !== own) this.#public[at]?.publish(size);
      else if (size > this.#journal.next)
        await this.#journal.append(entries.slice(this.#journal.next, size).map(({ entry }) => entry));
    }
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

/** The journal's own code; that bytes reach the disk is others' to test. */
const unsynced: LogFiles['open'] = async (path, flags) => {
  const file = await DISK.open(path, flags);
  return {
    write: file.write.bind(file),
    truncate: file.truncate.bind(file),
    close: file.close.bind(file),
    datasync: () => Promise.resolve(),
    sync: () => Promise.resolve(),
  };
};
