import type { HotspotKey } from '#protocol/units';
import type { BeaconReport, ReportKind, WitnessReport } from '#protocol/wire/report';
import type { Logger } from '../../runtime/logger.ts';
import { keyRefusal, openGate } from '../admit.ts';
import { clientOf } from '../../runtime/budget.ts';
import { grpcRefusalOf, refusal } from '../refusals.ts';
import { BACKLOG_RETRY_S, MAX_BACKLOG_MS, type ReportsContext } from '../reports-route.ts';
import type { ReportBatches } from './report-batches.ts';

/** The rules of POST /v1/reports for reports that come as gRPC messages. Everything rejects with a GrpcRefusal. */
export interface ReportDoor {
  /** Charges a stream that begins to its client address. */
  enter(address: string): void;
  /** Whether this hotspot may open a session: registered, and of this key network. */
  admitKey(key: HotspotKey): Promise<void>;
  /** Takes a report whose session's signature has held; resolves when it is durable. */
  takeStreamed(report: {
    readonly report: BeaconReport | WitnessReport;
    readonly session: number;
  }): Promise<void>;
  /** Takes a report that is judged later, as over HTTP; resolves when it is durable. */
  takeUnary(report: {
    readonly kind: ReportKind;
    readonly bytes: Uint8Array;
    readonly address: string;
  }): Promise<void>;
}

export type DoorContext = Pick<
  ReportsContext,
  'registered' | 'budgets' | 'verify' | 'backlogAge' | 'now' | 'logger'
> & { readonly batches: ReportBatches };

export function openReportDoor(context: DoorContext): ReportDoor {
  const { budgets, now, registered, verify } = context;
  const refuse = (code: 'over_budget' | 'backlog', detail: string): never => {
    const seconds = code === 'backlog' ? BACKLOG_RETRY_S : budgets.address.retryAfterSeconds(now());
    throw grpcRefusalOf(refusal(code, null, detail), seconds);
  };
  const refuseBacklog = async (): Promise<void> => {
    const age = await context.backlogAge(now());
    if (age > MAX_BACKLOG_MS) refuse('backlog', `${Math.round(age / 1000)} s`);
  };
  const enter = (address: string): void => {
    if (!budgets.address.take(clientOf(address), now())) refuse('over_budget', 'address');
  };
  const admitKey = async (key: HotspotKey): Promise<void> => {
    const refused = keyRefusal(key, await registered(), 0);
    if (refused !== null) throw grpcRefusalOf(refused);
  };
  const log = async (body: Parameters<ReportBatches['append']>[0]): Promise<void> => {
    await context.batches.append(body).catch((error: unknown) => {
      logFailure(context.logger, error);
      throw grpcRefusalOf(refusal('log_unavailable', null), BACKLOG_RETRY_S);
    });
  };

  return {
    enter,
    admitKey,
    takeStreamed: async ({ report, session }) => {
      await refuseBacklog();
      await admitKey(report.key);
      const time = now();
      // Its signature has held already: both budgets are the hotspot's, and what others at its address do is not charged to it.
      if (!budgets.named.take(report.key, time) && !budgets.verified.take(report.key, time))
        refuse('over_budget', `key ${report.key}`);
      await log({ kind: report.kind, report: report.bytes, session });
    },
    takeUnary: async ({ kind, bytes, address }) => {
      await refuseBacklog();
      const gate = openGate({ registered: await registered(), budgets, verify, now: now() });
      const admitted = gate.admitBytes({ kind, bytes, address });
      if ('code' in admitted)
        throw grpcRefusalOf(
          admitted,
          admitted.code === 'over_budget' ? budgets.address.retryAfterSeconds(now()) : null,
        );
      await log({ kind, report: bytes, session: null });
    },
  };
}

function logFailure(logger: Logger, error: unknown): void {
  logger.error({ error }, 'the log did not take a report of a hotspot');
}
