import Type from 'typebox';
import { openReadHeader } from '#protocol/route/read-request';
import { ProtocolError } from '#protocol/errors';
import { epochNumber, type Address } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import type { HttpServer } from '#services/runtime/http-server';
import type { DisclosureFiles } from './disclosure-files.ts';

/** Bytes of one answer. */
const PART_BYTES = 16 * 1024 * 1024;

const schema = {
  params: Type.Object({ epoch: Type.String({ pattern: '^\\d{1,20}$' }) }),
  querystring: Type.Object({ from: Type.Optional(Type.Integer({ minimum: 0 })) }),
};

/** GET /disclosures/<epoch>?from=<offset>, to the oracles of the network's set and to nobody else (routing.md). */
export function serveDisclosures(
  server: HttpServer,
  options: {
    readonly files: DisclosureFiles;
    readonly network: Address;
    /** As the chain says now. */
    readonly isOracle: (reader: Address) => boolean;
    readonly verify: VerifySignature;
  },
): void {
  const { files, network, verify } = options;
  server.get('/disclosures/:epoch', { schema }, async (request, reply) => {
    try {
      const reader = openReadHeader(request.headers.authorization, {
        network,
        path: request.url,
        now: Date.now() / 1000,
        verify,
      });
      if (!options.isOracle(reader)) throw new ProtocolError('unauthorized_read', { reader });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return await reply.code(401).send({ code: error.code, message: error.message });
    }
    const number = BigInt(request.params.epoch);
    if (number > 0xffff_ffff_ffff_ffffn) return await reply.code(404).send();
    const part = await files.part(epochNumber(number), request.query.from ?? 0, PART_BYTES);
    if (part === null) return await reply.code(404).send();
    return await reply.type('application/octet-stream').send(Buffer.from(part));
  });
}
