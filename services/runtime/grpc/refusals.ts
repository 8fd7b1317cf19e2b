/** Numbers of the gRPC statuses that are used here. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatus = keyof typeof GRPC_STATUS;

interface Rule {
  readonly status: GrpcStatus;
  readonly message: string;
}

/** Refusals of transport and sessions, which every stage with hotspots shares; append-only. */
export const GRPC_REFUSALS = {
  unknown_method: { status: 'UNIMPLEMENTED', message: 'There is no such method here.' },
  message_too_large: {
    status: 'RESOURCE_EXHAUSTED',
    message: 'The message is larger than any that a hotspot sends.',
  },
  compressed_message: { status: 'UNIMPLEMENTED', message: 'Compressed messages are not understood here.' },
  truncated_message: { status: 'INVALID_ARGUMENT', message: 'The stream ended within a message.' },
  slow_message: {
    status: 'DEADLINE_EXCEEDED',
    message: 'A message was begun and not finished in time.',
  },
  slow_reader: {
    status: 'RESOURCE_EXHAUSTED',
    message: 'What is sent to this client is not read.',
  },
  no_message: { status: 'INVALID_ARGUMENT', message: 'A call takes exactly one message.' },
  cancelled: { status: 'CANCELLED', message: 'The client ended the stream.' },
  closing: { status: 'UNAVAILABLE', message: 'The server is closing; connect again.' },
  internal_error: { status: 'INTERNAL', message: 'The server failed; try again later.' },
  malformed_message: {
    status: 'INVALID_ARGUMENT',
    message: 'The bytes are not a message of this method.',
  },
  no_register: { status: 'DEADLINE_EXCEEDED', message: 'No register came in time.' },
  no_init: { status: 'DEADLINE_EXCEEDED', message: 'No session_init came in time after the offer.' },
  session_expected: {
    status: 'FAILED_PRECONDITION',
    message: 'Open a session first: nothing counts without one.',
  },
  session_not_offered: {
    status: 'FAILED_PRECONDITION',
    message: 'There was no offer that this session_init could answer.',
  },
  session_over: {
    status: 'FAILED_PRECONDITION',
    message: 'The session is older than sessions may be; open a new stream.',
  },
  wrong_nonce: {
    status: 'INVALID_ARGUMENT',
    message: 'The session_init does not hold the nonce that was offered on this stream.',
  },
  wrong_key: {
    status: 'PERMISSION_DENIED',
    message: 'The message names another hotspot than the one whose stream this is.',
  },
  bad_signature: {
    status: 'UNAUTHENTICATED',
    message: 'The signature is not by the key that must have signed this.',
  },
  superseded: {
    status: 'FAILED_PRECONDITION',
    message: 'Newer streams of the same hotspot took the place of this one.',
  },
  session_not_logged: {
    status: 'UNAVAILABLE',
    message: 'The session_init could not be made durable; connect again.',
  },
  too_many_sessions: {
    status: 'RESOURCE_EXHAUSTED',
    message: 'This hotspot opened as many sessions in this minute as one may; connect again in the next.',
  },
  too_many_streams: {
    status: 'RESOURCE_EXHAUSTED',
    message: 'As many streams are open here, or from this address, as may be; connect again later.',
  },
} as const satisfies Readonly<Record<string, Rule>>;

export type GrpcRefusalCode = keyof typeof GRPC_REFUSALS;

/** Ends a call with a status. The code is stable and goes to metrics; the message goes to the client. */
export class GrpcRefusal extends Error {
  readonly code: string;
  readonly status: GrpcStatus;
  /** When the client may come back; null: nothing is said. */
  readonly retryMs: number | null;

  constructor(refusal: {
    readonly code: string;
    readonly status: GrpcStatus;
    readonly message: string;
    readonly retryMs?: number | null;
  }) {
    super(refusal.message);
    this.name = 'GrpcRefusal';
    this.code = refusal.code;
    this.status = refusal.status;
    this.retryMs = refusal.retryMs ?? null;
  }
}

/** `detail` holds the values concerned. */
export function grpcRefusal(code: GrpcRefusalCode, detail = ''): GrpcRefusal {
  const { status, message } = GRPC_REFUSALS[code];
  return new GrpcRefusal({ code, status, message: detail === '' ? message : `${message} (${detail})` });
}
