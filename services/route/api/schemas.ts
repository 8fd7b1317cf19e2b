import Type from 'typebox';

/** Ranges and pairs of one route, in JSON. */
export const MAX_BODY_BYTES = 512 * 1024;

const base64 = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$', maxLength: MAX_BODY_BYTES, description });
const hex32 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const routeBody = Type.Object({
  request: base64("The route request's canonical JSON, in base64"),
  signature: base64('By the owner over "coverant/route/v1" || request, in base64'),
  private: Type.Unknown({ description: 'What the router alone is told; null for a route that is revoked' }),
});

export const receiptAnswer = Type.Object({
  receipt: Type.Object({
    origin: Type.String(),
    index: Type.Integer(),
    leaf_hash: hex32,
    received_at: Type.Integer(),
    integrated_by: Type.Integer(),
    batch: Type.Object({ first: Type.Integer(), size: Type.Integer(), proof: Type.Array(hex32) }),
    signature: Type.String(),
  }),
});

export const refusedAnswer = Type.Object({
  refused: Type.Object({ code: Type.String(), message: Type.String(), retryable: Type.Boolean() }),
});

const decimal = Type.String({ pattern: '^-?[0-9]{1,20}$' });

export const ownerAnswer = Type.Object({
  owner: Type.String(),
  credits: Type.Object({
    available: decimal,
    unsettled: Type.String({ description: 'Used here in epochs that are not settled yet, decimal' }),
    refused_packets: Type.Integer({
      description: 'Not bought for want of credits, since the router started',
    }),
  }),
  routes: Type.Array(
    Type.Object({
      route: Type.String(),
      sequence: Type.Integer(),
      until: Type.Integer(),
      revoked: Type.Boolean(),
      dev_addrs: Type.Array(Type.Tuple([Type.String(), Type.String()])),
      max_copies: Type.Integer(),
      max_packet_credits: Type.Integer(),
      private: hex32,
    }),
  ),
});

export const lettersAnswer = Type.Object({
  letters: Type.Array(
    Type.Object({
      route: Type.String(),
      body: Type.String({ description: 'What would have been posted' }),
      problem: Type.String(),
      at: Type.Integer(),
    }),
  ),
});

export const ownerParams = Type.Object({ owner: Type.String({ pattern: '^[1-9A-HJ-NP-Za-km-z]{32,44}$' }) });
export const epochParams = Type.Object({ epoch: Type.String({ pattern: '^[0-9]{1,20}$' }) });

export const fromQuery = Type.Object({ from: Type.Optional(Type.Integer({ minimum: 0 })) });

const statuses = [400, 401, 403, 404, 409, 413, 415, 429, 500, 503] as const;
/** Refusals by status. */
export const refusals = Object.fromEntries(statuses.map((status) => [status, refusedAnswer])) as Readonly<
  Record<(typeof statuses)[number], typeof refusedAnswer>
>;
