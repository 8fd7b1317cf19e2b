import type { HttpServer } from '../http-server.ts';
import type { Logger } from '../logger.ts';
import { answerConnect } from './connect-unary.ts';
import type { GrpcMetrics } from './grpc-server.ts';
import { STREAM_LIMITS } from './grpc-stream.ts';
import type { GrpcMethods } from './methods.ts';

/** The unary methods over HTTP/1.1, with JSON or bare protobuf in the body of a POST (the Connect protocol). */
export async function addConnectRoutes(
  server: HttpServer,
  context: { readonly methods: GrpcMethods; readonly metrics: GrpcMetrics; readonly logger: Logger },
): Promise<void> {
  const { methods } = context;
  await server.register((scope) => {
    // A body is kept as it came: what a hotspot signed must not be parsed and written again.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body);
    });
    for (const [path, method] of methods) {
      if (method.kind === 'stream') continue;
      scope.post(
        path,
        { schema: { hide: true }, bodyLimit: STREAM_LIMITS.messageBytes },
        async (request, reply) => {
          const answer = await answerConnect({
            ...context,
            verb: request.method,
            path,
            type: request.headers['content-type'] ?? '',
            body: request.body instanceof Uint8Array ? request.body : new Uint8Array(0),
            address: request.ip,
          });
          return reply.code(answer.status).type(answer.type).send(answer.body);
        },
      );
    }
    return Promise.resolve();
  });
}
