import type { IncomingMessage, ServerResponse } from 'node:http';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { LogController, type FastifyInstance, type RawServerDefault } from 'fastify';
import Type from 'typebox';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Closeable } from './shutdown.ts';

export type HttpServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  Logger,
  TypeBoxTypeProvider
>;

/** What /health answers besides `ok`; null values are legal, secrets are not. */
export type Health = Readonly<Record<string, string | number | boolean | null>>;

/** A request that is not here whole by then is given up: open ones hold memory and descriptors. */
const REQUEST_TIMEOUT_MS = 30_000;

const healthSchema = Type.Object({ ok: Type.Boolean() }, { additionalProperties: true });

/** A fastify instance with the routes that every stage has: GET /health (503 where not ok) and GET /metrics. */
export function createHttpServer(options: {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly health: () => { readonly ok: boolean } & Health;
  /** Bytes of a request's body. */
  readonly bodyLimit?: number;
}): HttpServer {
  const server = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    requestTimeout: REQUEST_TIMEOUT_MS,
    bodyLimit: options.bodyLimit ?? 65_536,
  })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler);

  server.get(
    '/health',
    { schema: { response: { 200: healthSchema, 503: healthSchema } } },
    (_request, reply) => {
      const health = options.health();
      void reply.code(health.ok ? 200 : 503).send(health);
    },
  );
  server.get('/metrics', async (_request, reply) =>
    reply.type(options.metrics.contentType).send(await options.metrics.text()),
  );
  return server;
}

/** Listens and says where; the result is closed like everything else that is opened. */
export async function listenHttp(
  server: HttpServer,
  options: { readonly host: string; readonly port: number; readonly logger: Logger },
): Promise<Closeable & { readonly url: string }> {
  const url = await server.listen({ host: options.host, port: options.port });
  options.logger.info({ url }, 'listening');
  return { url, close: () => server.close() };
}
