import { Type } from 'typebox';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()]);
const U64 = Type.String({
  pattern: '^[0-9]{1,20}$',
  description: 'an unsigned 64-bit number as decimal text',
});

export const ReportSchema = Type.Object({
  origin: Type.String({ description: 'the log that holds the report' }),
  log_index: Type.Integer({ description: 'its index there' }),
  report_id: Type.String(),
  kind: Type.Union([Type.Literal('beacon'), Type.Literal('witness')]),
  payload: Type.String({ description: 'the beacon payload, hex' }),
  key: Type.String({ description: 'the hotspot key, hex' }),
  received_at: Type.Integer({ description: 'milliseconds since the Unix epoch' }),
  epoch: U64,
  reason: Nullable(Type.String({ description: 'why it is not valid; null where it is' })),
  side: Nullable(Type.String()),
  selected: Type.Boolean({ description: 'a witness that is paid' }),
  note: Nullable(Type.String()),
  numbers: Type.Record(Type.String(), Type.Unknown(), { description: 'the values behind the verdict' }),
  says: Nullable(Type.String({ description: 'the verdict as a sentence, with these values' })),
  final: Type.Boolean({ description: 'settled by the oracles, not provisional' }),
});

export const BeaconSchema = Type.Object({ beacon: ReportSchema, witnesses: Type.Array(ReportSchema) });

export const HotspotSchema = Type.Object({
  key: Type.String(),
  address: Type.String({ description: 'the hotspot key, base58check' }),
  owner: Type.String(),
  destination: Type.String(),
  mode: Type.String(),
  status: Type.String(),
  tier: Type.String(),
  cell: Nullable(Type.String({ description: 'H3 index of resolution 12, decimal' })),
  latitude: Nullable(Type.Integer({ description: 'nanodegrees' })),
  longitude: Nullable(Type.Integer({ description: 'nanodegrees' })),
  gain: Type.Integer({ description: 'tenths of dBi' }),
  elevation: Type.Integer({ description: 'metres' }),
  registered_at: Type.Integer({ description: 'seconds since the Unix epoch' }),
  claimed: U64,
});

export const HotspotSummarySchema = Type.Interface([HotspotSchema], {
  beacons: Type.Integer(),
  witnesses: Type.Integer(),
  unpaid: Type.Integer(),
});

export const PayoutSchema = Type.Object({
  epoch: U64,
  subject: Type.String({ description: 'a hotspot key, or payee:<address>' }),
  beacon_share: Type.String(),
  witness_share: Type.String(),
  beacon_amount: U64,
  witness_amount: U64,
  other_amount: U64,
  cumulative: U64,
});

export const HotspotPageSchema = Type.Object({
  hotspot: HotspotSchema,
  reasons: Type.Array(
    Type.Object({ kind: Type.String(), reason: Nullable(Type.String()), count: Type.Integer() }),
  ),
  reports: Type.Array(ReportSchema),
  payouts: Type.Array(PayoutSchema),
});

export const EpochSchema = Type.Object({
  epoch: U64,
  tuple_hash: Type.String(),
  root: Type.String(),
  leaf_count: Type.Integer(),
  cumulative_total: U64,
  verdicts: Type.Integer(),
  minted: U64,
});

export const EpochPageSchema = Type.Object({ epoch: EpochSchema, payouts: Type.Array(PayoutSchema) });

export const ErrorSchema = Type.Object({
  code: Type.String({ description: 'stable' }),
  message: Type.String({ description: 'what is wrong and what to do' }),
});

export const BeaconsQuery = Type.Object({
  before: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'only beacons received before this, ms',
    }),
  ),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});

export const HotspotParams = Type.Object({ key: Type.String({ pattern: '^[0-9A-Za-z]{40,80}$' }) });
export const EpochParams = Type.Object({ epoch: U64 });
