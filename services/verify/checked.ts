import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import { judgedAt } from '#protocol/verify/grouper';
import { REASONS } from '#protocol/verify/reasons';
import type { CheckTask } from './check-job.ts';

const count = Type.Integer({ minimum: 0 });
const numbers = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Null()]));
const position = Type.Object({ receivedAt: count, origin: Type.String(), index: count });
const objection = Type.Object({
  reason: Type.Union(Object.keys(REASONS).map((reason) => Type.Literal(reason))),
  side: Type.Union([Type.Literal('beaconer'), Type.Literal('witness')]),
  numbers,
});
const objectionOrNull = Type.Union([objection, Type.Null()]);
const report = {
  kind: Type.Union([Type.Literal('beacon'), Type.Literal('witness')]),
  position,
  reportId: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  key: Type.String({ pattern: '^[0-9a-f]{66}$' }),
};
const beacon = Type.Object({ ...report, standing: objectionOrNull, content: objectionOrNull, numbers });
const witness = Type.Object({
  ...report,
  objection: objectionOrNull,
  trusted: Type.Boolean(),
  ticket: Type.String(),
  numbers,
});
const stored = Compile(
  Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('poc'), Type.Literal('loose'), Type.Literal('stale')]),
      payload: Type.String(),
      at: position,
      beacon: Type.Union([beacon, Type.Null()]),
      witnesses: Type.Array(witness),
      others: Type.Array(Type.Object({ ...report, signed: Type.Boolean(), objection })),
    }),
  ),
);

/** A worker's result as fold may apply it; null where it is not a result of this task. */
export function parseChecked(value: unknown, task: CheckTask): readonly CheckedPoc[] | null {
  if (!isChecked(value) || value.length !== task.groups.length) return null;
  const fits = task.groups.every((group, place) => {
    const { index, origin } = judgedAt(group);
    const checked = value[place];
    return (
      checked?.payload === group.payload &&
      checked.kind === group.kind &&
      checked.at.index === index &&
      checked.at.origin === origin
    );
  });
  return fits ? value : null;
}

function isChecked(value: unknown): value is readonly CheckedPoc[] {
  return stored.Check(value);
}
