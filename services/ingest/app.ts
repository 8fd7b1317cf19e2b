import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { serveLog } from '../runtime/evidence/serve-log.ts';
import { createHttpServer, type Health, type HttpServer } from '../runtime/http-server.ts';
import { addConnectRoutes } from '../runtime/grpc/connect-routes.ts';
import { createGrpcServer, openGrpcMetrics } from '../runtime/grpc/grpc-server.ts';
import { shareOnePort } from '../runtime/grpc/one-port.ts';
import type { StreamBounds } from '../runtime/grpc/stream-bounds.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { addEntropyRoute } from './entropy-route.ts';
import type { EntropyService } from './entropy.ts';
import { addFindRoute } from './receipts/find-route.ts';
import { openHotspots, type HotspotsContext } from './hotspots/open-hotspots.ts';
import type { ReceiptIndex } from './receipts/receipt-index.ts';
import { addReportsRoute, type ReportsContext } from './reports-route.ts';
import { refusal, refusalOf, REFUSALS } from './refusals.ts';
import { MAX_BODY_BYTES } from './schemas.ts';

/** The face of ingest, HTTP and gRPC; opens nothing itself. */
export async function createIngestApp(context: {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly reports: Omit<ReportsContext, 'logger' | 'refused'>;
  readonly receipts: ReceiptIndex;
  readonly entropy: Pick<EntropyService, 'current'>;
  readonly hotspots: Pick<
    HotspotsContext,
    'registry' | 'configKey' | 'random' | 'times' | 'holds' | 'routeUrl'
  > & { readonly bounds: StreamBounds };
  /** The folder of the log's public files. */
  readonly publicDir: string;
  readonly health: () => { readonly ok: boolean } & Health;
}): Promise<HttpServer> {
  const { logger, metrics } = context;
  const refused = metrics.counter('refused_total', 'Refused reports and requests, by code', ['code']);
  const server = createHttpServer({ logger, metrics, health: context.health, bodyLimit: MAX_BODY_BYTES });

  await server.register(helmet, {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    strictTransportSecurity: false,
  });
  await server.register(swagger, {
    openapi: { info: { title: 'Coverant ingest', description: 'Signed reports into the log', version: '1' } },
  });
  await server.register(swaggerUi, { routePrefix: '/docs' });
  await serveLog(server, { root: context.publicDir, prefix: '/log/' });
  addReportsRoute(server, { ...context.reports, logger, refused });
  const { now, budgets } = context.reports;
  addFindRoute(server, { receipts: context.receipts, addressBudget: budgets.address, now, refused });
  addEntropyRoute(server, context.entropy);

  server.setNotFoundHandler(async (_request, reply) => {
    const { status } = REFUSALS.not_found;
    return reply.code(status).send({ receipts: [], refused: [refusal('not_found', null)] });
  });
  server.setErrorHandler(async (error, request, reply) => {
    const answer = refusalOf(error, null);
    refused.inc({ code: answer.code });
    if (answer.code === 'internal_error') logger.error({ error, url: request.url }, 'request failed');
    return reply.code(REFUSALS[answer.code].status).send({ receipts: [], refused: [answer] });
  });

  const grpcMetrics = openGrpcMetrics(metrics);
  const hotspots = openHotspots({
    ...context.reports,
    ...context.hotspots,
    logger,
    metrics,
    entropy: context.entropy,
  });
  const { methods, otherStreams } = hotspots;
  await addConnectRoutes(server, { methods, metrics: grpcMetrics, logger });
  shareOnePort(
    server,
    createGrpcServer({
      methods,
      otherStreams,
      metrics: grpcMetrics,
      logger,
      bounds: context.hotspots.bounds,
    }),
  );
  server.addHook('preClose', async () => {
    await hotspots.close();
  });
  return server;
}
