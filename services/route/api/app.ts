import { Readable } from 'node:stream';
import helmet from '@fastify/helmet';
import { encodeReceipt } from '#protocol/evidence/receipt';
import { epochNumber, type Address } from '#protocol/units';
import { clientOf, type Budget } from '../../runtime/budget.ts';
import { serveLog } from '../../runtime/evidence/serve-log.ts';
import { createHttpServer, type Health, type HttpServer } from '../../runtime/http-server.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { DisclosureStore } from '#services/route/disclosures/disclosure-store';
import type { DeadLetters } from '#services/route/forward/http/dead-letters';
import type { RegisterContext } from '#services/route/routes/register-route';
import { registerRoute } from '#services/route/routes/register-route';
import type { LiveRoute } from '#services/route/routes/live-route';
import type { Credits } from '#services/route/uplinks/credits';
import type { Readers } from './readers.ts';
import { REFUSALS, refusalJson, refusalOf, RouteRefusal } from './refusals.ts';
import {
  epochParams,
  fromQuery,
  lettersAnswer,
  MAX_BODY_BYTES,
  ownerAnswer,
  ownerParams,
  receiptAnswer,
  refusals,
  routeBody,
} from './schemas.ts';

/** What the HTTP face of the router stands on. */
export interface AppContext {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: () => { readonly ok: boolean } & Health;
  /** The folder of the log's public files. */
  readonly publicDir: string;
  readonly register: RegisterContext;
  readonly credits: Credits;
  /** Packets of an owner that were not bought for want of credits. */
  readonly refusedPackets: (owner: Address) => number;
  readonly disclosures: Pick<DisclosureStore, 'read'>;
  readonly deadLetters: Pick<DeadLetters, 'list'>;
  readonly readers: Readers;
  readonly budget: Budget;
  readonly now: () => number;
}

/** The HTTP face of the router; opens nothing itself. */
export async function createRouteApp(context: AppContext): Promise<HttpServer> {
  const { logger, metrics, budget, now } = context;
  const refused = metrics.counter('refused_total', 'Refused requests, by code', ['code']);
  const server = createHttpServer({ logger, metrics, health: context.health, bodyLimit: MAX_BODY_BYTES });
  const charge = (address: string): void => {
    if (!budget.take(clientOf(address), now())) throw new RouteRefusal('over_budget');
  };

  await server.register(helmet, { strictTransportSecurity: false });
  await serveLog(server, { root: context.publicDir, prefix: '/log/' });
  server.post(
    '/v1/routes',
    { schema: { body: routeBody, response: { 200: receiptAnswer, ...refusals } } },
    async ({ body, ip }, reply) => {
      charge(ip);
      const bytes = Uint8Array.from(Buffer.from(body.request, 'base64'));
      const signature = Uint8Array.from(Buffer.from(body.signature, 'base64'));
      const receipt = await registerRoute({ bytes, signature, private: body.private }, context.register);
      const { batch, ...json } = encodeReceipt(receipt);
      return reply.code(200).send({ receipt: { ...json, batch: { ...batch, proof: [...batch.proof] } } });
    },
  );
  server.get(
    '/v1/routes/:owner',
    { schema: { params: ownerParams, response: { 200: ownerAnswer, ...refusals } } },
    async ({ params, ip }, reply) => {
      charge(ip);
      const owner = params.owner as Address;
      const { credits } = context;
      return reply.code(200).send({
        owner,
        credits: {
          available: String(credits.available(owner)),
          unsettled: String(credits.used(owner)),
          refused_packets: context.refusedPackets(owner),
        },
        routes: context.register.table.ofOwner(owner).map(routeJson),
      });
    },
  );
  server.get(
    '/v1/dead-letters',
    { schema: { response: { 200: lettersAnswer, ...refusals } } },
    async ({ headers, ip, url }, reply) => {
      charge(ip);
      const owner = context.readers.require(headers.authorization, url);
      const letters = await context.deadLetters.list(owner).catch(() => {
        throw new RouteRefusal('letters_unavailable');
      });
      return reply.code(200).send({ letters: [...letters] });
    },
  );
  server.get(
    '/log/disclosures/:epoch',
    // No schema of the answer: it is bytes.
    { schema: { params: epochParams, querystring: fromQuery } },
    async ({ headers, ip, url, params, query }, reply) => {
      charge(ip);
      const reader = context.readers.require(headers.authorization, url);
      const all = await context.readers.isOracle(reader);
      const epoch = epochNumber(BigInt.asUintN(64, BigInt(params.epoch)));
      void reply.header('content-type', 'application/octet-stream').header('cache-control', 'no-store');
      const part = { owner: all ? null : reader, from: query.from ?? 0 };
      return reply.send(Readable.from(disclosuresOf(context.disclosures.read(epoch), part)));
    },
  );
  server.setNotFoundHandler(async (_request, reply) =>
    reply.code(REFUSALS.not_found.status).send({ refused: refusalJson('not_found') }),
  );
  server.setErrorHandler(async (error, request, reply) => {
    const { code, detail } = refusalOf(error);
    refused.inc({ code });
    if (code === 'internal_error') logger.error({ error, url: request.url }, 'request failed');
    if (code === 'over_budget') void reply.header('retry-after', String(budget.retryAfterSeconds(now())));
    return reply.code(REFUSALS[code].status).send({ refused: refusalJson(code, detail) });
  });
  return server;
}

/** What is sent at a time: the reader goes on behind the last one that it has whole. */
const PART_BYTES = 16 * 1024 * 1024;

/** An owner's (null: all), from an offset in its own file on. */
async function* disclosuresOf(
  kept: ReturnType<DisclosureStore['read']>,
  part: { readonly owner: Address | null; readonly from: number },
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const { owner, disclosure } of kept) {
    if (part.owner !== null && owner !== part.owner) continue;
    const skipped = Math.min(disclosure.length, Math.max(0, part.from - at));
    at += disclosure.length;
    if (skipped < disclosure.length) yield disclosure.subarray(skipped);
    if (at - part.from >= PART_BYTES) return;
  }
}

function routeJson({ stored: { request } }: LiveRoute) {
  const hex8 = (address: number): string => address.toString(16).padStart(8, '0');
  return {
    route: request.route,
    sequence: request.sequence,
    until: request.until,
    revoked: request.devAddrs.length === 0,
    dev_addrs: request.devAddrs.map(([first, last]): [string, string] => [hex8(first), hex8(last)]),
    max_copies: request.maxCopies,
    max_packet_credits: request.maxPacketCredits,
    private: request.private,
  };
}
