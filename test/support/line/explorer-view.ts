import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const report = Type.Object({
  log_index: Type.Integer(),
  kind: Type.Union([Type.Literal('beacon'), Type.Literal('witness')]),
  key: Type.String(),
  received_at: Type.Integer(),
  epoch: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  note: Type.Union([Type.String(), Type.Null()]),
  selected: Type.Boolean(),
  final: Type.Boolean(),
});
const page = Compile(Type.Array(Type.Object({ beacon: report, witnesses: Type.Array(report) })));

/** A verdict as the explorer shows it. */
export type ShownVerdict = Static<typeof report>;

const epochList = Compile(Type.Array(Type.Object({ epoch: Type.String() })));
const PAGE = 200;

/** Numbers of the epochs that the explorer shows as settled. */
export async function shownEpochs(url: string): Promise<readonly bigint[]> {
  const value: unknown = await (await fetch(`${url}/v1/epochs`)).json();
  if (!epochList.Check(value))
    throw new Error(`the explorer answered ${JSON.stringify(value).slice(0, 200)}`);
  return value.map(({ epoch }) => BigInt(epoch));
}

/** Every verdict of the explorer that stands with a beacon, by index in the log. */
export async function shownVerdicts(url: string): Promise<ReadonlyMap<number, ShownVerdict>> {
  const shown = new Map<number, ShownVerdict>();
  for (let before = Number.MAX_SAFE_INTEGER, grown = -1; grown !== shown.size;) {
    grown = shown.size;
    const beacons = await readPage(url, before);
    for (const { beacon, witnesses } of beacons)
      for (const verdict of [beacon, ...witnesses]) shown.set(verdict.log_index, verdict);
    const oldest = beacons.at(-1)?.beacon.received_at;
    // Others of the same millisecond may stand on the next page.
    if (oldest !== undefined) before = oldest + 1;
  }
  return shown;
}

async function readPage(
  url: string,
  before: number,
): Promise<readonly { readonly beacon: ShownVerdict; readonly witnesses: readonly ShownVerdict[] }[]> {
  const query = new URLSearchParams({ before: String(before), limit: String(PAGE) });
  const answer = await fetch(`${url}/v1/beacons?${query.toString()}`, {
    signal: AbortSignal.timeout(10_000),
  });
  const value: unknown = await answer.json();
  if (!page.Check(value)) throw new Error(`the explorer answered ${JSON.stringify(value).slice(0, 200)}`);
  return value;
}
