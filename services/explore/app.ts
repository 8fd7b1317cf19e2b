import { fileURLToPath } from 'node:url';
import fastifyHelmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { Kysely } from 'kysely';
import { Type } from 'typebox';
import type { HttpServer } from '#services/runtime/http-server';
import type { Logger } from '#services/runtime/logger';
import { buildVerifier } from './build-verifier.ts';
import { listBeacons, listEpochs, listHotspots, showEpoch, showHotspot } from './queries.ts';
import {
  BeaconsQuery,
  BeaconSchema,
  EpochPageSchema,
  EpochParams,
  EpochSchema,
  ErrorSchema,
  HotspotPageSchema,
  HotspotParams,
  HotspotSummarySchema,
} from './schemas.ts';
import type { Tables } from './tables.ts';

const PAGES = fileURLToPath(new URL('../../web/', import.meta.url));
const LATEST = Number.MAX_SAFE_INTEGER;
const VERIFY_POLICY =
  "default-src 'self'; connect-src http: https:; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/** Adds the explorer's API (described at /docs) and pages over one read model; it only reads. */
export async function addExplorer(
  app: HttpServer,
  input: { readonly database: Kysely<Tables>; readonly logger: Logger },
): Promise<void> {
  const { database } = input;
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    strictTransportSecurity: false,
  });
  await app.register(fastifySwagger, {
    openapi: {
      info: {
        title: 'Coverant explorer',
        description: 'Hotspots, beacons, verdicts, epochs and payouts.',
        version: '1',
      },
    },
  });
  await app.register(fastifySwaggerUi, { routePrefix: '/docs' });
  await app.register(fastifyStatic, {
    root: PAGES,
    setHeaders: (reply, path) => {
      // The visitor names the RPC and the oracle that this page asks.
      if (path.endsWith('/verify.html')) reply.header('content-security-policy', VERIFY_POLICY);
    },
  });
  const verifier = buildVerifier();
  // Without it the explorer is still of use; whoever asks for the module is told.
  verifier.catch((error: unknown) => {
    input.logger.error({ error }, 'the verifying module cannot be built');
  });
  app.get('/verify.js', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(await verifier),
  );
  app.setErrorHandler((error: { readonly statusCode?: number; readonly message: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500)
      return reply
        .status(status)
        .send({ code: 'malformed_request', message: `${error.message}. See /docs for what is accepted.` });
    request.log.error({ error, url: request.url }, 'explore failed');
    return reply
      .status(500)
      .send({ code: 'internal_error', message: 'The explorer failed; its log says why. Try again later.' });
  });
  const missing = (what: string) => ({
    code: 'not_found',
    message: `${what} is not known here; it may not have been settled or registered yet.`,
  });
  app.setNotFoundHandler((request, reply) => reply.status(404).send(missing(request.url)));

  app.get(
    '/v1/hotspots',
    { schema: { summary: 'All hotspots', response: { 200: Type.Array(HotspotSummarySchema) } } },
    async () => [...(await listHotspots(database))],
  );
  app.get(
    '/v1/hotspots/:key',
    {
      schema: {
        summary: 'One hotspot, by key in hex or base58check',
        params: HotspotParams,
        response: { 200: HotspotPageSchema, 404: ErrorSchema },
      },
    },
    async (request, reply) => {
      const page = await showHotspot(database, request.params.key);
      if (page === null) return reply.status(404).send(missing(`hotspot ${request.params.key}`));
      return {
        hotspot: page.hotspot,
        reasons: [...page.reasons],
        reports: [...page.reports],
        payouts: [...page.payouts],
      };
    },
  );
  app.get(
    '/v1/beacons',
    {
      schema: {
        summary: 'Newest beacons with their witnesses',
        querystring: BeaconsQuery,
        response: { 200: Type.Array(BeaconSchema) },
      },
    },
    async (request) => {
      const beacons = await listBeacons(database, {
        before: request.query.before ?? LATEST,
        limit: request.query.limit ?? 50,
      });
      return beacons.map(({ beacon, witnesses }) => ({ beacon, witnesses: [...witnesses] }));
    },
  );
  app.get(
    '/v1/epochs',
    { schema: { summary: 'Newest settled epochs', response: { 200: Type.Array(EpochSchema) } } },
    async () => [...(await listEpochs(database, 200))],
  );
  app.get(
    '/v1/epochs/:epoch',
    {
      schema: {
        summary: 'One settled epoch with its payouts',
        params: EpochParams,
        response: { 200: EpochPageSchema, 404: ErrorSchema },
      },
    },
    async (request, reply) => {
      const page = await showEpoch(database, request.params.epoch);
      if (page === null) return reply.status(404).send(missing(`epoch ${request.params.epoch}`));
      return { epoch: page.epoch, payouts: [...page.payouts] };
    },
  );
}
