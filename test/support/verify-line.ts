import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { Worker } from 'bullmq';
import type { NoteSigner } from '#protocol/evidence/note';
import { decodeRecord } from '#protocol/evidence/record';
import { loggedReport } from '#protocol/settle/logged-reports';
import { Sessions } from '#protocol/settle/signer';
import { epochNumber, millis } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import { Grouper, judgedAt } from '#protocol/verify/grouper';
import type { LoggedReport, PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { emptyPocState, rememberEntropy } from '#protocol/verify/state';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import type { VerdictsJob } from '#services/runtime/jobs';
import { verifySignature } from '#services/runtime/signature';
import { GENESIS, EPOCH_S, type TestWorld } from '../protocol/epoch/world.ts';

/** What a read model holds per report, by `origin:index`. */
export type Verdicts = ReadonlyMap<string, ReportVerdict & { readonly epoch: string }>;

/** Everything judged at once, by the pure functions alone. */
export function batchVerdicts(world: TestWorld): Verdicts {
  const state = emptyPocState();
  const { windows } = world.policy;
  const grouper = new Grouper({ verify: verifySignature, windows });
  const sessions = new Sessions({ sessions: new Map(), verify: verifySignature });
  const items = world.logs.flatMap((log): readonly LoggedReport[] =>
    log.entries().flatMap((entry, index): readonly LoggedReport[] => {
      const { receivedAt, body } = decodeRecord(entry);
      const position = { receivedAt, origin: log.origin, index };
      if (body.kind === 'entropy')
        rememberEntropy(state.entropies, {
          ...body,
          data: Buffer.from(body.data).toString('hex'),
          receivedAt,
        });
      if (body.kind !== 'beacon' && body.kind !== 'witness') return [];
      const item = loggedReport({ body, position, sessions });
      return item === null ? [] : [item];
    }),
  );
  for (const item of items.sort((one, other) => comparePositions(one.position, other.position)))
    grouper.push(item);
  const verdicts = new Map<string, ReportVerdict & { readonly epoch: string }>();
  for (const group of grouper.flush()) {
    const since = judgedAt(group).receivedAt - GENESIS * 1000;
    const epoch = epochNumber(BigInt(Math.ceil(since / (EPOCH_S * 1000)) - 1));
    const { policy } = world;
    const registry = world.registry().hotspots;
    const checked = checkPoc({
      group,
      registry,
      policy,
      deny: NOBODY_DENIED,
      epoch,
      entropies: state.entropies,
      verify: verifySignature,
    });
    collect(verdicts, { epoch: epoch.toString(), verdict: advance({ state, checked, policy, epoch }) });
  }
  return verdicts;
}

/** A read model of the smallest kind: consumes the queue as explore does, and keeps what came. */
export function startReadModel(redisUrl: string): {
  readonly verdicts: Verdicts;
  /** Jobs that came, repeated ones too. */
  readonly jobs: () => number;
  /** Reports of which two verdicts came that differ. */
  readonly changed: readonly string[];
  close(): Promise<void>;
} {
  const verdicts = new Map<string, ReportVerdict & { readonly epoch: string }>();
  const changed: string[] = [];
  let jobs = 0;
  const worker = new Worker<VerdictsJob>(
    'verdicts',
    (job) => {
      jobs += 1;
      for (const each of job.data.verdicts) changed.push(...collect(verdicts, each));
      return Promise.resolve();
    },
    { connection: { url: redisUrl, maxRetriesPerRequest: null, retryStrategy: () => 50 } },
  );
  worker.on('error', () => undefined);
  return { verdicts, jobs: () => jobs, changed, close: () => worker.close(true) };
}

function collect(
  verdicts: Map<string, ReportVerdict & { readonly epoch: string }>,
  { epoch, verdict }: { readonly epoch: string; readonly verdict: PocVerdict },
): readonly string[] {
  const reports = [
    ...(verdict.beacon === null ? [] : [verdict.beacon]),
    ...verdict.witnesses,
    ...verdict.others,
  ];
  return reports.flatMap((report) => {
    const place = `${report.position.origin}:${report.position.index}`;
    const before = verdicts.get(place);
    const now = { epoch, ...report };
    verdicts.set(place, now);
    return before === undefined || JSON.stringify(before) === JSON.stringify(now) ? [] : [place];
  });
}

/** Writes one of the world's logs as an ingest does, some entries at a time, each stamped with the time it was made for. */
export async function openWorldLog(
  dir: string,
  world: TestWorld,
  at = 0,
): Promise<{
  readonly append: (count: number) => Promise<void>;
  readonly left: () => number;
  /** Lets time pass, so that all of it becomes public. */
  readonly publish: () => Promise<void>;
  close(): Promise<void>;
}> {
  const { origin } = world.log(at);
  const entries = world.log(at).entries().map(decodeRecord);
  let clock = 0;
  let next = 0;
  const log: EvidenceLog = await openLog({
    dir,
    origin,
    signer: worldLogSigner(origin),
    clock: () => millis(clock),
    fatal: (error) => {
      throw error;
    },
  });
  return {
    append: async (count) => {
      const some = entries.slice(next, next + count);
      next += some.length;
      await Promise.all(
        some.map(({ receivedAt, body }) => {
          clock = receivedAt;
          return body.kind === 'unknown' ? Promise.resolve([]) : log.append([body]);
        }),
      );
    },
    left: () => entries.length - next,
    publish: async () => {
      clock += 60_000;
      await log.integrate();
    },
    close: () => log.close(),
  };
}

export function worldLogSigner(origin: string): NoteSigner {
  return logSigner(origin, new Uint8Array(32).fill(7));
}
