import { PROTOCOL_ERRORS, ProtocolError } from '#protocol/errors';
import { GrpcRefusal, type GrpcStatus } from '../runtime/grpc/refusals.ts';

/** One way to be turned away: the HTTP status and the gRPC status, whether the same bytes may be sent again later, and what to do. */
export interface RefusalRule {
  readonly status: number;
  readonly grpc: GrpcStatus;
  readonly retryable: boolean;
  readonly message: string;
}

/** Every code that ingest answers with; append-only. The README's table is tested against it. */
export const REFUSALS = {
  malformed_body: {
    status: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    message: 'The body is not JSON of the form that this address takes; see /docs.',
  },
  malformed_item: {
    status: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    message: 'The item needs a kind, "beacon" or "witness", and bytes in base64.',
  },
  empty_batch: {
    status: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    message: 'The batch holds no report; send at least one.',
  },
  too_many_reports: {
    status: 413,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    message: 'The batch holds more reports than one request may; split it.',
  },
  body_too_large: {
    status: 413,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: false,
    message: 'The body is over the limit; split the batch.',
  },
  unsupported_content_type: {
    status: 415,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    message: 'Only content-type application/json is understood here.',
  },
  malformed_report: protocolRule('malformed_report', 400),
  oversized_report: protocolRule('oversized_report', 413),
  malformed_key: protocolRule('malformed_key', 400),
  unsupported_key_type: protocolRule('unsupported_key_type', 400),
  unknown_region: protocolRule('unknown_region', 400),
  wrong_network: {
    status: 400,
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    message:
      'The key carries the other key network (mainnet or testnet) in its tag; use the key made for this one.',
  },
  unknown_key: {
    status: 401,
    grpc: 'PERMISSION_DENIED',
    retryable: true,
    message:
      'The key is not registered, as far as this ingest has followed the chain; register it, then send again.',
  },
  over_budget: {
    status: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    message:
      'More reports arrived than this client address or hotspot key may send; wait for retry-after seconds.',
  },
  backlog: {
    status: 429,
    grpc: 'RESOURCE_EXHAUSTED',
    retryable: true,
    message: 'The oldest unverified report waits for more than a minute; wait for retry-after seconds.',
  },
  log_unavailable: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    message: 'The report could not be made durable; nothing was receipted. Send it again later.',
  },
  entropy_unavailable: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: true,
    message: 'There is no fresh entropy, because the chain cannot be reached; ask again later.',
  },
  not_found: {
    status: 404,
    grpc: 'NOT_FOUND',
    retryable: false,
    message: 'There is nothing at this address; see /docs.',
  },
  internal_error: {
    status: 500,
    grpc: 'INTERNAL',
    retryable: true,
    message: 'Ingest failed in a way that is its own fault; send the report again later.',
  },
} as const satisfies Readonly<Record<string, RefusalRule>>;

export type RefusalCode = keyof typeof REFUSALS;
export type RefusalStatus = (typeof REFUSALS)[RefusalCode]['status'];

/** What a client reads about one item, or with `item` null about the whole request. */
export interface Refusal {
  readonly item: number | null;
  readonly code: RefusalCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** `detail` holds the values concerned. */
export function refusal(code: RefusalCode, item: number | null, detail = ''): Refusal {
  const { message, retryable } = REFUSALS[code];
  return { item, code, message: detail === '' ? message : `${message} (${detail})`, retryable };
}

/** The refusal that an error of protocol/ or of fastify means; anything else is our own fault. */
export function refusalOf(error: unknown, item: number | null): Refusal {
  if (error instanceof ProtocolError && error.code in REFUSALS) {
    const code = CODES.find((candidate) => candidate === error.code) ?? 'internal_error';
    const values = Object.entries(error.context).map(([name, value]) => `${name} ${String(value)}`);
    return refusal(code, item, values.join(', '));
  }
  return refusal(
    FASTIFY_ERRORS.get(codeOf(error)) ?? (isOfFiles(error) ? 'not_found' : 'internal_error'),
    item,
  );
}

/** What serving static files refuses: folders, paths that are none, conditions that do not hold. */
function isOfFiles(error: unknown): boolean {
  return (
    error instanceof Error && 'statusCode' in error && (error.statusCode === 403 || error.statusCode === 412)
  );
}

/** A refusal as gRPC has it, with the wait that the client is asked for. */
export function grpcRefusalOf({ code, message }: Refusal, retrySeconds: number | null = null): GrpcRefusal {
  const retryMs = retrySeconds === null ? null : 1000 * retrySeconds;
  return new GrpcRefusal({ code, status: REFUSALS[code].grpc, message, retryMs });
}

/** The status of an answer in which everything was refused: a refusal that may be retried decides, else the first. */
export function statusOf(refused: readonly Refusal[]): RefusalStatus {
  const deciding = refused.find((each) => each.retryable) ?? refused[0];
  return REFUSALS[deciding?.code ?? 'internal_error'].status;
}

const CODES = Object.keys(REFUSALS) as readonly RefusalCode[];

const FASTIFY_ERRORS: ReadonlyMap<string, RefusalCode> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'body_too_large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported_content_type'],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', 'malformed_body'],
  ['FST_ERR_CTP_INVALID_JSON_BODY', 'malformed_body'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'malformed_body'],
  ['FST_ERR_VALIDATION', 'malformed_body'],
]);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function protocolRule<Status extends number>(
  code: keyof typeof PROTOCOL_ERRORS,
  status: Status,
): RefusalRule & { readonly status: Status } {
  return { status, grpc: 'INVALID_ARGUMENT', retryable: false, message: PROTOCOL_ERRORS[code] };
}
