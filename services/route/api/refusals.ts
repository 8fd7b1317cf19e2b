import { PROTOCOL_ERRORS, ProtocolError } from '#protocol/errors';
import { LogError } from '../../runtime/log/log-error.ts';
import { TARGET_ERRORS, TargetError } from '#services/route/forward/target';

interface RefusalRule {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 503;
  /** Whether the same bytes may be sent again later. */
  readonly retryable: boolean;
  readonly message: string;
}

const bad = (message: string, status: RefusalRule['status'] = 400): RefusalRule => ({
  status,
  retryable: false,
  message,
});

/** Every code that the router answers with over HTTP; append-only. The README's table is tested against it. */
export const REFUSALS = {
  malformed_body: bad('The body is not JSON of the form that this address takes; see docs/routing.md.'),
  body_too_large: bad('The body is over the limit; make several routes of it.', 413),
  unsupported_content_type: bad('Only content-type application/json is understood here.', 415),
  malformed_route: bad(PROTOCOL_ERRORS.malformed_route),
  malformed_private: bad('The private part does not fit its schema; see docs/routing.md.'),
  private_mismatch: bad(
    'The private part is not the one whose hash the owner signed; send the one that belongs to it.',
  ),
  wrong_network: bad('The route is for another network; sign it for this one.'),
  invalid_signature: bad('The signature is not by the owner over this request; sign these very bytes.', 401),
  old_sequence: bad(
    'A request of this route with this or a higher sequence is known; sign a higher one.',
    409,
  ),
  route_over: bad('The request is void already, or for more than 400 days; sign another `until`.'),
  too_many_routes: bad('The owner has as many routes as one may have; replace one of them.', 403),
  router_full: bad('The router holds as many routes of this kind as it can; ask its operator.', 503),
  malformed_target: bad(TARGET_ERRORS.malformed_target),
  credentials_in_target: bad(TARGET_ERRORS.credentials_in_target),
  private_target: bad(TARGET_ERRORS.private_target),
  unresolved_target: bad(TARGET_ERRORS.unresolved_target),
  unauthorized_read: bad(PROTOCOL_ERRORS.unauthorized_read, 401),
  not_found: bad('There is nothing at this address; see docs/routing.md.', 404),
  over_budget: {
    status: 429,
    retryable: true,
    message: 'More requests arrived than this client address may send; wait for retry-after seconds.',
  },
  log_unavailable: {
    status: 503,
    retryable: true,
    message: 'The route could not be made durable; nothing was receipted. Send it again later.',
  },
  chain_unreachable: {
    status: 503,
    retryable: true,
    message: 'The chain does not say who the oracles are; ask again later.',
  },
  letters_unavailable: {
    status: 503,
    retryable: true,
    message: 'The queue is not reachable, and dead letters stand in it; ask again later.',
  },
  internal_error: {
    status: 500,
    retryable: true,
    message: 'The router failed in a way that is its own fault; try again later.',
  },
} as const satisfies Readonly<Record<string, RefusalRule>>;

export type RefusalCode = keyof typeof REFUSALS;

/** A request that is turned away; `detail` holds the values concerned. */
export class RouteRefusal extends Error {
  readonly code: RefusalCode;
  readonly detail: string;

  constructor(code: RefusalCode, detail = '') {
    super(`${REFUSALS[code].message}${detail === '' ? '' : ` (${detail})`}`);
    this.name = 'RouteRefusal';
    this.code = code;
    this.detail = detail;
  }
}

export interface RefusalJson {
  readonly code: RefusalCode;
  readonly message: string;
  readonly retryable: boolean;
}

export function refusalJson(code: RefusalCode, detail = ''): RefusalJson {
  const { message, retryable } = REFUSALS[code];
  return { code, message: detail === '' ? message : `${message} (${detail})`, retryable };
}

/** The refusal that an error means; anything that is not known is our own fault. */
export function refusalOf(error: unknown): RouteRefusal {
  if (error instanceof RouteRefusal) return error;
  if (error instanceof TargetError) return new RouteRefusal(error.code);
  if (error instanceof LogError) return new RouteRefusal('log_unavailable');
  if (error instanceof ProtocolError) {
    const values = Object.entries(error.context).map(([name, value]) => `${name} ${String(value)}`);
    return new RouteRefusal(
      error.code === 'unauthorized_read' ? error.code : 'malformed_route',
      values.join(', '),
    );
  }
  return new RouteRefusal(FASTIFY_ERRORS.get(codeOf(error)) ?? 'internal_error');
}

const FASTIFY_ERRORS: ReadonlyMap<string, RefusalCode> = new Map([
  ['FST_ERR_VALIDATION', 'malformed_body'],
  ['FST_ERR_CTP_INVALID_JSON_BODY', 'malformed_body'],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', 'malformed_body'],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 'malformed_body'],
  ['FST_ERR_CTP_BODY_TOO_LARGE', 'body_too_large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'unsupported_content_type'],
]);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
