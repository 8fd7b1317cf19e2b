import { fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, errorToJson } from '@connectrpc/connect/protocol-connect';
import type { Logger } from '../logger.ts';
import type { GrpcMetrics } from './grpc-server.ts';
import type { GrpcMethods, UnaryMethod } from './methods.ts';
import { GRPC_STATUS, GrpcRefusal, grpcRefusal } from './refusals.ts';

export interface ConnectAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

/** A unary call of the Connect protocol: JSON or a bare protobuf message in the body of a POST, over either HTTP. */
export async function answerConnect(call: {
  readonly verb: string;
  readonly path: string;
  readonly type: string;
  /** null: it was over the limit. */
  readonly body: Uint8Array | null;
  readonly address: string;
  readonly methods: GrpcMethods;
  readonly metrics: GrpcMetrics;
  readonly logger: Logger;
}): Promise<ConnectAnswer> {
  const method = call.methods.get(call.path);
  const form = formOf(call.type);
  if (method === undefined) return refused(grpcRefusal('unknown_method'));
  if (call.verb !== 'POST') return { ...refused(grpcRefusal('unknown_method')), status: 405 };
  // Streams need gRPC.
  if (form === null || method.kind === 'stream')
    return { status: 415, type: 'application/json', body: new Uint8Array(0) };
  call.metrics.calls.inc({ method: call.path });
  try {
    if (call.body === null) throw grpcRefusal('message_too_large');
    call.metrics.messages.inc({ method: call.path });
    const message = form === 'proto' ? call.body : fromText(method, call.body);
    const answer = await method.answer({ message, address: call.address });
    return {
      status: 200,
      type: `application/${form}`,
      body: form === 'proto' ? answer : asText(method, answer),
    };
  } catch (error) {
    const refusal = error instanceof GrpcRefusal ? error : grpcRefusal('internal_error');
    call.metrics.refused.inc({ code: refusal.code });
    if (refusal.code === 'internal_error') call.logger.error({ error, path: call.path }, 'a call failed');
    return refused(refusal);
  }
}

function formOf(type: string): 'json' | 'proto' | null {
  const name = type.split(';')[0]?.trim().toLowerCase();
  return name === 'application/json' ? 'json' : name === 'application/proto' ? 'proto' : null;
}

function fromText({ request }: UnaryMethod, body: Uint8Array): Uint8Array {
  try {
    return toBinary(request, fromJsonString(request, Buffer.from(body).toString('utf8')));
  } catch {
    throw grpcRefusal('malformed_message');
  }
}

function asText({ response }: UnaryMethod, answer: Uint8Array): Uint8Array {
  return Buffer.from(toJsonString(response, fromBinary(response, answer)));
}

function refused(refusal: GrpcRefusal): ConnectAnswer {
  const code = CODES.get(GRPC_STATUS[refusal.status]) ?? Code.Internal;
  const error = new ConnectError(`${refusal.code}: ${refusal.message}`, code);
  return {
    status: codeToHttpStatus(code),
    type: 'application/json',
    body: Buffer.from(JSON.stringify(errorToJson(error, undefined))),
  };
}

/** Connect's codes have gRPC's numbers. */
const CODES: ReadonlyMap<number, Code> = new Map(
  Object.values(Code).flatMap((code) => (typeof code === 'number' ? [[code, code] as const] : [])),
);
