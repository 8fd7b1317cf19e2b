import { millis } from '#protocol/units';
import type { PocVerdict } from '#protocol/verify/poc';
import type { ProvisionalVerdict, VerdictsJob } from '../runtime/jobs.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { contentJobId, openQueue } from '../runtime/queue.ts';
import { openRedis } from '../runtime/redis.ts';
import type { Closeable } from '../runtime/shutdown.ts';
import { digestOf } from './check-job.ts';

/** Hands verdicts to the read model in batches, none earlier than its reports may be seen. */
export interface Outbox extends Closeable {
  add(verdict: ProvisionalVerdict): void;
  /** Sends what has gathered. */
  flush(): void;
  /** Batches that Redis has not taken yet. */
  readonly unsent: () => number;
  /** Sends what has gathered, and resolves once Redis has taken all of it; false where it refused something. */
  handedOn(): Promise<boolean>;
  readonly redisReady: () => boolean;
}

/** evidence.md: no look-up shows an entry before its window has closed. */
export const HIDDEN_MS = 15_000;
const MAX_VERDICTS = 100;
/** Batches that may lie in Redis while no read model takes them; more are dropped, and come with the settled epochs. */
const MAX_QUEUED = 2000;
const COUNT_MS = 2000;
/** Batches that are sent again when Redis was away: it may have lost them. */
const REMEMBERED = 256;

export function openOutbox(options: {
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
}): Outbox {
  const { redisUrl, logger, now } = options;
  const queue = openQueue<VerdictsJob, unknown>({ name: 'verdicts', redisUrl, logger });
  const link = openRedis({ url: redisUrl, logger });
  const remembered: VerdictsJob[] = [];
  let gathered: ProvisionalVerdict[] = [];
  const sending = new Set<Promise<void>>();
  let refused = 0;
  let wasReady = false;
  let full = false;
  const dropped = options.metrics.counter(
    'dropped_batches_total',
    'Verdicts that no read model took in time',
  );
  const counting = setInterval(() => {
    if (!link.ready()) return;
    queue.getJobCountByTypes('waiting', 'delayed').then(
      (count) => {
        if (!full && count >= MAX_QUEUED)
          logger.warn({ batches: count }, 'nothing takes verdicts; dropping more');
        full = count >= MAX_QUEUED;
      },
      (error: unknown) => {
        logger.debug({ error }, 'verdicts were not counted');
      },
    );
  }, COUNT_MS);

  const send = (job: VerdictsJob): void => {
    const delay = Math.max(0, lastReceived(job) + HIDDEN_MS - now());
    const sent = queue
      .add('verdicts', job, { jobId: jobIdOf(job), delay })
      .then(
        () => undefined,
        (error: unknown) => {
          refused += 1;
          logger.warn({ error }, 'verdicts were not handed on; they come with the settled epoch');
        },
      )
      .finally(() => {
        sending.delete(sent);
      });
    sending.add(sent);
  };
  link.client.on('ready', () => {
    if (wasReady) for (const job of remembered) send(job);
    wasReady = true;
  });
  const flush = (): void => {
    if (gathered.length === 0) return;
    const job: VerdictsJob = { verdicts: gathered };
    gathered = [];
    if (full) {
      dropped.inc();
      return;
    }
    remembered.push(job);
    if (remembered.length > REMEMBERED) remembered.shift();
    send(job);
  };
  return {
    add: (verdict) => {
      gathered.push(verdict);
      if (gathered.length >= MAX_VERDICTS) flush();
    },
    flush,
    unsent: () => sending.size,
    handedOn: async () => {
      flush();
      const before = refused;
      await Promise.all(sending);
      return refused === before;
    },
    redisReady: link.ready,
    close: async () => {
      clearInterval(counting);
      await link.close();
      await queue.close();
    },
  };
}

/** Latest reception among a batch's reports. */
function lastReceived(job: VerdictsJob): number {
  return Math.max(
    ...job.verdicts.flatMap(({ verdict }) => reportsOf(verdict).map((each) => each.position.receivedAt)),
    millis(0),
  );
}

function jobIdOf(job: VerdictsJob): string {
  const first = job.verdicts.flatMap(({ verdict }) => reportsOf(verdict))[0]?.position;
  return contentJobId({ origin: first?.origin ?? '', index: first?.index ?? 0, digest: digestOf(job) });
}

function reportsOf(verdict: PocVerdict): PocVerdict['witnesses'] {
  return [...(verdict.beacon === null ? [] : [verdict.beacon]), ...verdict.witnesses, ...verdict.others];
}
