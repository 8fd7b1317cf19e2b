import { encodeReceipt, type Receipt, type ReceiptJson } from '#protocol/evidence/receipt';
import type { EvidenceBody } from '#protocol/evidence/record';
import type { VerifySignature } from '#protocol/verify/poc';
import type { Counter } from 'prom-client';
import type { HttpServer } from '../runtime/http-server.ts';
import type { Logger } from '../runtime/logger.ts';
import { openGate, type Admitted, type Budgets } from './admit.ts';
import type { Registered } from './registered.ts';
import { refusal, statusOf, type Refusal } from './refusals.ts';
import { MAX_BATCH, reportsAnswers, reportsBody } from './schemas.ts';

export const MAX_BACKLOG_MS = 60_000;
export const BACKLOG_RETRY_S = 10;

export interface ReportsContext {
  readonly logger: Logger;
  /** Resolves with a receipt for each when all are on disk; rejects where none is. */
  readonly append: (bodies: readonly EvidenceBody[]) => Promise<readonly Receipt[]>;
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
  const admitted = decided.flatMap((each) => ('code' in each ? [] : [each]));
  const refused = decided.flatMap((each) => ('code' in each ? [each] : []));
  if (admitted.length === 0) return { receipts: [], refused };
  try {
    return { receipts: await log(admitted, context), refused };
  } catch (error) {
    context.logger.error({ error, reports: admitted.length }, 'the log did not take reports');
    const unlogged = admitted.map(({ item }) => refusal('log_unavailable', item));
    return { receipts: [], refused: [...refused, ...unlogged].sort((a, b) => (a.item ?? 0) - (b.item ?? 0)) };
  }
}

async function log(admitted: readonly Admitted[], context: ReportsContext): Promise<Answer['receipts']> {
  const bodies = admitted.map(({ kind, bytes }): EvidenceBody => ({ kind, report: bytes, session: null }));
  const receipts = await context.append(bodies);
  return receipts.map((receipt, place) => {
    const item = admitted[place]?.item;
    if (item === undefined) throw new Error('the log answered more receipts than it was given reports');
    return { item, ...encodeReceipt(receipt) };
  });
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
