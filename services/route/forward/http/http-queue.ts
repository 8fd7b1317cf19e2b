import { createHash } from 'node:crypto';
import { DelayedError, UnrecoverableError, type Job } from 'bullmq';
import type { HotspotKey } from '#protocol/units';
import type { Logger } from '../../../runtime/logger.ts';
import { openQueue, openWorker } from '../../../runtime/queue.ts';
import type { Closeable } from '../../../runtime/shutdown.ts';
import type { ForwardContext, Forwarder } from '../forwarder.ts';
import { requireTargetUrl, TargetError } from '../target.ts';
import { openWaitingList } from '../waiting-list.ts';
import type { RouteName } from '#services/route/uplinks/uplink';
import type { DeadLetters } from './dead-letters.ts';
import { parseAnswer, refusalBody, SIGNATURE_HEADER, signBody, uplinkBody } from './http-body.ts';
import { post } from './post.ts';
import { openTargetGate, type TargetGate } from './target-gate.ts';

/** Where and how one route's packets are posted. */
export interface HttpTarget {
  readonly url: string;
  readonly secret: string;
}

/** A job holds no secret and no address: they stand with the route, and end with it. */
interface ForwardJob extends RouteName {
  readonly body: string;
  readonly hotspot: HotspotKey;
  readonly tmst: number;
}

/** Posts of all routes, through the queue `forward`. */
export interface HttpQueue extends Closeable {
  open(target: HttpTarget, context: ForwardContext): Forwarder;
  /** After the routes that were there at start are open: their jobs of an earlier process go on. */
  start(): Promise<void>;
}

interface OpenTarget extends HttpTarget {
  readonly context: ForwardContext;
  readonly gate: TargetGate;
}

const MAX_WAITING = 1000;
const BULK = 100;
const TIMEOUT_MS = 5000;

export function openHttpQueue(options: {
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly deadLetters: DeadLetters;
  readonly random: () => number;
  /** Posts that wait per route; the oldest give way. */
  readonly maxWaiting?: number;
  readonly timeoutMs?: number;
  /** Another number of tries than the table's, and ms before the second; for tests, which cannot wait an hour. */
  readonly attempts?: number;
  readonly backoffMs?: number;
}): HttpQueue {
  const { logger, deadLetters, maxWaiting = MAX_WAITING, timeoutMs = TIMEOUT_MS } = options;
  const queue = openQueue<ForwardJob, null>({ ...options, name: 'forward' });
  const targets = new Map<string, OpenTarget>();
  /** Ids of jobs in Redis by route, oldest first. */
  const held = new Map<string, Set<string>>();
  let worker: Closeable | null = null;

  const hold = (name: string, id: string): void => {
    const ids = held.get(name) ?? new Set<string>();
    held.set(name, ids.add(id));
    if (ids.size <= maxWaiting) return;
    const [oldest] = ids;
    if (oldest === undefined) return;
    ids.delete(oldest);
    // One that is being posted at this moment stays, and is given up at its next try.
    queue.remove(oldest).then(
      (removed) => {
        if (removed > 0) targets.get(name)?.context.count('dropped');
      },
      () => undefined,
    );
  };
  const release = (job: Job<ForwardJob>): void => {
    const ids = held.get(nameOf(job.data));
    ids?.delete(job.id ?? '');
    if (ids?.size === 0) held.delete(nameOf(job.data));
  };
  const add = async (jobs: readonly ForwardJob[]): Promise<void> => {
    const { attempts, backoffMs } = options;
    const tries = {
      ...(attempts === undefined ? {} : { attempts }),
      ...(backoffMs === undefined ? {} : { backoff: { type: 'fixed', delay: backoffMs } }),
    };
    const named = jobs.map((data) => ({ name: 'forward', data, opts: { jobId: idOf(data), ...tries } }));
    // Before they can begin: what is not held any more is not posted.
    for (const { data, opts } of named) hold(nameOf(data), opts.jobId);
    await queue.addBulk(named).catch((error: unknown) => {
      for (const { data, opts } of named) {
        held.get(nameOf(data))?.delete(opts.jobId);
        targets.get(nameOf(data))?.context.count('dropped');
      }
      throw error;
    });
  };

  const deliver = async (job: Job<ForwardJob>, token?: string): Promise<void> => {
    const { data } = job;
    const target = targets.get(nameOf(data));
    // The route was revoked meanwhile, or goes elsewhere.
    if (target === undefined) return;
    const { context, gate } = target;
    if (held.get(nameOf(data))?.has(job.id ?? '') !== true) {
      context.count('dropped');
      return;
    }
    const wait = gate.enter(context.now());
    if (wait > 0) {
      await job.moveToDelayed(Date.now() + wait, token);
      throw new DelayedError();
    }
    let ok = false;
    try {
      const answer = await deliverTo(target, data);
      ok = answer.status >= 200 && answer.status < 300;
      if (!ok) throw new Error(`the server answered ${answer.status}`);
      context.count('sent');
      await handOn(answer.text, data, context);
    } catch (error) {
      if (ok) throw error;
      context.count(error instanceof TargetError ? 'refused' : 'failed');
      throw error instanceof TargetError ? new UnrecoverableError(error.message) : error;
    } finally {
      gate.leave({ ok, now: context.now() });
    }
  };
  const deliverTo = ({ url, secret, context }: OpenTarget, { body }: ForwardJob) => {
    const signature = signBody({ body, secret, at: Math.floor(context.now() / 1000) });
    return post({ url, body, headers: { [SIGNATURE_HEADER]: signature }, timeoutMs, rules: context.rules });
  };
  const handOn = async (text: string, job: ForwardJob, context: ForwardContext): Promise<void> => {
    const answered = parseAnswer(text, job);
    if (answered === null) return;
    const code = answered.downlink === null ? 'malformed' : context.sendDownlink(answered.downlink);
    if (code === 'sent') return;
    const body = refusalBody(job, { hotspot: job.hotspot, code, id: answered.id });
    await add([{ ...job, body }]);
  };
  const giveUp = (job: Job<ForwardJob>, error: Error): void => {
    release(job);
    targets.get(nameOf(job.data))?.context.count('dead');
    const { owner, route, body } = job.data;
    const letter = { route, body, problem: error.message, at: Date.now() };
    deadLetters.add(owner, letter).catch((cause: unknown) => {
      logger.warn({ error: cause }, 'a dead letter was not kept');
    });
  };

  return {
    open: (target, context) => {
      requireTargetUrl(target.url, { ...context.rules, schemes: ['http:', 'https:'] });
      const name = nameOf(context.of);
      targets.set(name, { ...target, context, gate: openTargetGate(options.random) });
      const waiting = openWaitingList<ForwardJob>(maxWaiting);
      let adding = false;
      const pump = async (): Promise<void> => {
        if (adding) return;
        adding = true;
        while (waiting.length > 0) {
          const jobs = Array.from({ length: Math.min(BULK, waiting.length) }, () => waiting.shift());
          // Waits while Redis is away; the list holds the newest meanwhile.
          await add(jobs.filter((job) => job !== undefined)).catch((error: unknown) => {
            logger.warn({ error, ...context.of }, 'posts could not be queued');
          });
        }
        adding = false;
      };
      return {
        forward: (uplink) => {
          const { hotspot, tmst } = uplink;
          if (!waiting.push({ ...context.of, hotspot, tmst, body: uplinkBody(context.of, uplink) }))
            context.count('dropped');
          void pump();
        },
        close: () => {
          if (targets.get(name)?.context === context) targets.delete(name);
        },
      };
    },
    start: async () => {
      for (const job of await queue.getJobs(['active', 'waiting', 'delayed'], 0, -1, true))
        if (job.id !== undefined) hold(nameOf(job.data), job.id);
      const started = openWorker<ForwardJob, null>({
        ...options,
        name: 'forward',
        process: async (job, token) => {
          await deliver(job, token);
          return null;
        },
      });
      started.on('completed', release);
      started.on('failed', (job, error) => {
        if (job?.finishedOn !== undefined) giveUp(job, error);
      });
      worker = started;
    },
    close: async () => {
      await worker?.close();
      await queue.close();
    },
  };
}

function nameOf({ owner, route }: RouteName): string {
  return `${owner}/${route}`;
}

/** By content; BullMQ takes three parts. */
function idOf({ owner, route, body }: ForwardJob): string {
  return `${owner}:${route}:${createHash('sha256').update(body).digest('hex')}`;
}
