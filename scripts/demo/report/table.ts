import { REASONS } from '#protocol/verify/reasons';
import type { Actor } from './checks.ts';
import type { JudgedReport } from './verdicts.ts';

const DECIMALS = 8;

/** The table of the demo: one row for each hotspot, with what it sent, what was paid, why not, and its tokens. */
export function hotspotTable(options: {
  readonly actors: readonly Actor[];
  readonly reports: readonly JudgedReport[];
  readonly balanceOf: (actor: Actor) => bigint;
}): readonly string[] {
  const { actors, reports, balanceOf } = options;
  const rows = actors.map((actor) => {
    const own = reports.filter(({ reporter }) => reporter === actor.key);
    const count = (kind: JudgedReport['kind']): string =>
      String(own.filter((report) => report.kind === kind).length);
    return [
      actor.name,
      actor.role === 'honest' ? (actor.endorsed ? 'endorsed' : 'open') : actor.role,
      count('beacon'),
      count('witness'),
      String(own.filter(({ paid }) => paid).length),
      tokens(balanceOf(actor)),
      unpaidText(own),
    ];
  });
  return columns([
    ['hotspot', 'kind', 'beacons', 'witnesses', 'paid', 'tokens', 'unpaid by reason'],
    ...rows,
  ]);
}

/** Smallest units as tokens. */
export function tokens(amount: bigint): string {
  const digits = amount.toString().padStart(DECIMALS + 1, '0');
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS, -DECIMALS + 2)}`;
}

function unpaidText(reports: readonly JudgedReport[]): string {
  const counts = new Map<string, number>();
  for (const report of reports) {
    if (report.paid) continue;
    const why = whyUnpaid(report);
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([why, count]) => `${count} ${why}`)
    .join(', ');
}

function whyUnpaid({ reason, note, kind }: JudgedReport): string {
  if (reason !== null) return `${reason} (${REASONS[reason].number})`;
  return note ?? (kind === 'beacon' ? 'no paid witness' : 'not selected');
}

/** Text to the left, numbers to the right. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column >= 2 && column <= 5 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
