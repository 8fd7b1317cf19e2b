import Type from 'typebox';

export const MAX_BATCH = 1000;
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

export const reportItem = Type.Object({
  kind: Type.Union([Type.Literal('beacon'), Type.Literal('witness')]),
  bytes: Type.String({ description: 'The signed protobuf report in base64, exactly as the hotspot made it' }),
});

/** Items are looked at one by one, so that a bad one does not cost the others: hence the unknown. */
export const reportsBody = Type.Object({
  reports: Type.Array(Type.Union([reportItem, Type.Unknown()]), { description: `1 to ${MAX_BATCH} reports` }),
});

export const findBody = Type.Object({
  key: Type.String({ description: "The hotspot's key, base58check text" }),
  payload: Type.String({
    description: 'What was on air, in lower-case hex: the data of the beacon or witness report',
    pattern: '^(?:[0-9a-f]{2}){1,255}$',
  }),
});

const hex32 = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const receipt = Type.Object({
  item: Type.Integer({ description: 'Place in the batch, from 0' }),
  origin: Type.String({ description: 'The log that holds the report' }),
  index: Type.Integer(),
  leaf_hash: hex32,
  received_at: Type.Integer({ description: 'Milliseconds since the Unix epoch, as the log stamped it' }),
  integrated_by: Type.Integer({ description: 'Milliseconds: a checkpoint covers the report by then' }),
  batch: Type.Object(
    { first: Type.Integer(), size: Type.Integer(), proof: Type.Array(hex32) },
    {
      description:
        'What was appended together is signed once: indexes, and the proof of this leaf in that batch',
    },
  ),
  signature: Type.String({ description: 'By the log key, over the root of the batch; base64' }),
});

export const refused = Type.Object({
  item: Type.Union([Type.Integer(), Type.Null()], { description: 'Place in the batch; null: the request' }),
  code: Type.String(),
  message: Type.String(),
  retryable: Type.Boolean(),
});

export const reportsAnswer = Type.Object({ receipts: Type.Array(receipt), refused: Type.Array(refused) });

export const entropyAnswer = Type.Object({
  data: hex32,
  timestamp: Type.Integer({ description: 'Whole seconds since the Unix epoch' }),
  version: Type.Integer(),
  slot: Type.String({ description: 'The slot whose blockhash went in, decimal' }),
});

/** By status: some or all receipted, or the refusals that say why nothing was. */
export const reportsAnswers = {
  200: reportsAnswer,
  400: reportsAnswer,
  401: reportsAnswer,
  404: reportsAnswer,
  413: reportsAnswer,
  415: reportsAnswer,
  429: reportsAnswer,
  500: reportsAnswer,
  503: reportsAnswer,
} as const;
