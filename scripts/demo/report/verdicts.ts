import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { fileOf, FILES, type FolderFiles } from '#protocol/settle/folder';
import { REASONS, type Reason } from '#protocol/verify/reasons';
import type { HotspotKey } from '#protocol/units';

/** What became of one report, as an epoch's public folder says it. */
export interface JudgedReport {
  readonly kind: 'beacon' | 'witness';
  readonly reporter: HotspotKey;
  /** Whose beacon it is or witnesses; null where no well-signed beacon of the payload is known. */
  readonly beaconer: HotspotKey | null;
  readonly reason: Reason | null;
  /** A witness report that took the reason of its beacon was not judged by itself. */
  readonly inherited: boolean;
  readonly note: string | null;
  /** A selected witness, or a beacon with at least one. */
  readonly paid: boolean;
}

const report = Type.Object({
  kind: Type.Union([Type.Literal('beacon'), Type.Literal('witness')]),
  key: Type.String({ pattern: '^[0-9a-f]{66}$' }),
  reason: Type.Union([Type.String(), Type.Null()]),
  side: Type.Union([Type.String(), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
  selected: Type.Boolean(),
});
type Stored = Type.Static<typeof report>;
const poc = Type.Object({
  beacon: Type.Union([report, Type.Null()]),
  witnesses: Type.Array(report),
  others: Type.Array(report),
});
const line = Compile(Type.Union([Type.Object({ poc }), Type.Object({ badly_signed: report })]));

export function judgedReports(files: FolderFiles): readonly JudgedReport[] {
  const lines = Buffer.from(fileOf(files, FILES.verdicts)).toString('utf8').trimEnd().split('\n');
  return lines.filter((text) => text !== '').flatMap(reportsOfLine);
}

function reportsOfLine(text: string): readonly JudgedReport[] {
  const value: unknown = JSON.parse(text);
  if (!line.Check(value)) throw new Error(`a line of ${FILES.verdicts} does not fit: ${text.slice(0, 200)}`);
  if ('badly_signed' in value) return [judged(value.badly_signed, { beaconer: null, paid: false })];
  const { beacon, witnesses, others } = value.poc;
  const beaconer = beacon === null ? null : hotspotKey(beacon.key);
  return [
    ...(beacon === null
      ? []
      : [judged(beacon, { beaconer, paid: witnesses.some(({ selected }) => selected) })]),
    ...witnesses.map((witness) => judged(witness, { beaconer, paid: witness.selected })),
    ...others.map((other) => judged(other, { beaconer, paid: false })),
  ];
}

function judged(
  stored: Stored,
  rest: { readonly beaconer: HotspotKey | null; readonly paid: boolean },
): JudgedReport {
  const { kind, note, side } = stored;
  const inherited = kind === 'witness' && side === 'beaconer';
  return {
    kind,
    note,
    inherited,
    reporter: hotspotKey(stored.key),
    reason: reasonOf(stored.reason),
    ...rest,
  };
}

function reasonOf(text: string | null): Reason | null {
  if (text === null) return null;
  for (const name of REASON_NAMES) if (name === text) return name;
  throw new Error(`a verdict has the unknown reason ${text}`);
}

const REASON_NAMES = Object.keys(REASONS) as readonly Reason[];

function hotspotKey(text: string): HotspotKey {
  return text as HotspotKey;
}
