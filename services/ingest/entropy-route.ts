import type { HttpServer } from '../runtime/http-server.ts';
import type { EntropyService } from './entropy.ts';
import { refusal, REFUSALS } from './refusals.ts';
import { entropyAnswer, reportsAnswer } from './schemas.ts';

/** GET /v1/entropy: what a beacon is derived from; it stands in the log before anybody gets it. */
export function addEntropyRoute(server: HttpServer, entropy: Pick<EntropyService, 'current'>): void {
  const schema = { summary: 'The newest entropy', response: { 200: entropyAnswer, 503: reportsAnswer } };
  server.get('/v1/entropy', { schema }, (_request, reply) => {
    const current = entropy.current();
    void reply.header('cache-control', 'no-store');
    if (current === null) {
      const { status } = REFUSALS.entropy_unavailable;
      void reply
        .code(status)
        .header('retry-after', '5')
        .send({ receipts: [], refused: [refusal('entropy_unavailable', null)] });
      return;
    }
    void reply.code(200).send({
      data: Buffer.from(current.data).toString('hex'),
      timestamp: current.timestamp,
      version: current.version,
      slot: current.slot.toString(),
    });
  });
}
