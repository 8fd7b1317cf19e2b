import { encodeReceipt } from '#protocol/evidence/receipt';
import { keyFromText } from '#protocol/wire/key';
import type { Counter } from 'prom-client';
import type { HttpServer } from '../../runtime/http-server.ts';
import { clientOf, type Budget } from '../../runtime/budget.ts';
import { refusal, REFUSALS } from '../refusals.ts';
import { findBody, reportsAnswers } from '../schemas.ts';
import type { ReceiptIndex } from './receipt-index.ts';

export interface FindContext {
  readonly receipts: ReceiptIndex;
  /** The same that reports are charged to. */
  readonly addressBudget: Budget;
  readonly now: () => number;
  readonly refused: Counter<'code'>;
}

/** POST /v1/receipts/find: receipts for who sent reports over a stream, which has no answers of its own. */
export function addFindRoute(server: HttpServer, context: FindContext): void {
  const summary = 'Receipts of public reports, by hotspot key and payload';
  server.post(
    '/v1/receipts/find',
    { schema: { summary, body: findBody, response: reportsAnswers } },
    async (request, reply) => {
      const now = context.now();
      void reply.header('cache-control', 'no-store');
      if (!context.addressBudget.take(clientOf(request.ip), now)) {
        context.refused.inc({ code: 'over_budget' });
        return reply
          .code(REFUSALS.over_budget.status)
          .header('retry-after', String(context.addressBudget.retryAfterSeconds(now)))
          .send({ receipts: [], refused: [refusal('over_budget', null, 'address')] });
      }
      const { key, payload } = request.body;
      const found = await context.receipts.find({ key: keyFromText(key), payload });
      const receipts = found.map(encodeReceipt).map(({ batch, ...receipt }, item) => ({
        item,
        ...receipt,
        batch: { ...batch, proof: [...batch.proof] },
      }));
      return reply.code(200).send({ receipts, refused: [] });
    },
  );
}
