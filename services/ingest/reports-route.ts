import { encodeReceipt, type Receipt, type ReceiptJson } from '#protocol/evidence/receipt';
import type { EvidenceBody } from '#protocol/evidence/record';
import type { VerifySignature } from '#protocol/verify/poc';
import type { Counter } from 'prom-client';
import type { HttpServer } from '../runtime/http-server.ts';
import type { Logger } from '../runtime/logger.ts';
import { openGate, type Admitted, type Budgets, type Registered } from './admit.ts';
import { refusal, statusOf, type Refusal } from './refusals.ts';
import { MAX_BATCH, reportsAnswers, reportsBody } from './schemas.ts';

export const MAX_BACKLOG_MS = 60_000;
const BACKLOG_RETRY_S = 10;

export interface ReportsContext {
  readonly logger: Logger;
  /** Resolves when the record is on disk; rejects where it is not. */
  readonly append: (body: EvidenceBody) => Promise<Receipt>;
  readonly registered: () => Promise<Registered>;
  readonly budgets: Budgets;
  readonly verify: VerifySignature;
  /** Age in ms of the oldest report without a verdict. */
  readonly backlogAge: (now: number) => Promise<number>;
  readonly now: () => number;
  readonly refused: Counter<'code'>;
}

interface Answer {
  readonly receipts: readonly (ReceiptJson & { readonly item: number })[];
  readonly refused: readonly Refusal[];
}

/** POST /v1/reports: each item ends as a receipt or as a refusal; where all are refused, the status says so. */
export function addReportsRoute(server: HttpServer, context: ReportsContext): void {
  server.post(
    '/v1/reports',
    {
      schema: {
        summary: 'Signed reports of hotspots, in batches',
        body: reportsBody,
        response: reportsAnswers,
      },
    },
    async (request, reply) => {
      const answer = await take(request.body.reports, { context, address: request.ip });
      for (const { code } of answer.refused) context.refused.inc({ code });
      const retryAfter = retryAfterSeconds(answer.refused, context);
      if (retryAfter !== null) reply.header('retry-after', String(retryAfter));
      return reply
        .code(answer.receipts.length > 0 ? 200 : statusOf(answer.refused))
        .send({ receipts: answer.receipts.map(mutable), refused: [...answer.refused] });
    },
  );
}

async function take(
  reports: readonly unknown[],
  { context, address }: { readonly context: ReportsContext; readonly address: string },
): Promise<Answer> {
  const now = context.now();
  if (reports.length === 0) return refuseAll('empty_batch');
  if (reports.length > MAX_BATCH) return refuseAll('too_many_reports', `${reports.length} of ${MAX_BATCH}`);
  const backlog = await context.backlogAge(now);
  if (backlog > MAX_BACKLOG_MS) return refuseAll('backlog', `${Math.round(backlog / 1000)} s`);

  const { budgets, verify } = context;
  const gate = openGate({ registered: await context.registered(), budgets, verify, now });
  const decided = reports.map((value, item) => gate.admit({ value, item, address }));
  const ended = await Promise.all(
    decided.map((each) => ('code' in each ? Promise.resolve(each) : log(each, context))),
  );
  const receipts = ended.flatMap((each) => ('code' in each ? [] : [each]));
  return { receipts, refused: ended.flatMap((each) => ('code' in each ? [each] : [])) };
}

async function log(
  admitted: Admitted,
  context: ReportsContext,
): Promise<(ReceiptJson & { readonly item: number }) | Refusal> {
  const { item, kind, bytes } = admitted;
  try {
    return { item, ...encodeReceipt(await context.append({ kind, report: bytes, session: null })) };
  } catch (error) {
    context.logger.error({ error, item }, 'the log did not take a report');
    return refusal('log_unavailable', item);
  }
}

function refuseAll(code: Refusal['code'], detail = ''): Answer {
  return { receipts: [], refused: [refusal(code, null, detail)] };
}

function retryAfterSeconds(refused: readonly Refusal[], context: ReportsContext): number | null {
  const codes = new Set(refused.map(({ code }) => code));
  if (codes.has('over_budget')) return context.budgets.address.retryAfterSeconds(context.now());
  if (codes.has('backlog') || codes.has('log_unavailable')) return BACKLOG_RETRY_S;
  return null;
}

function mutable<Json extends ReceiptJson>(
  json: Json,
): Json & { batch: { first: number; size: number; proof: string[] } } {
  return { ...json, batch: { ...json.batch, proof: [...json.batch.proof] } };
}
