import { BEACON_FLAWS, JUNK, REPEATS, WITNESS_FLAWS, type History } from './history.ts';
import { FATES, type Fate, type Plan } from './plan.ts';
import type { LineResult } from './run.ts';

/** How many histories had what, and how often a verdict came: random histories are worth what they reach. */
export class Coverage {
  readonly #histories = new Map<string, number>();
  readonly #verdicts = new Map<string, number>();

  add(of: {
    readonly history: History;
    readonly plan: Plan;
    readonly line: LineResult;
    /** What became of jobs. */
    readonly fates: Iterable<Fate>;
  }): void {
    const fates = [...of.fates].map((fate) => `a job whose fate is ${fate}`);
    for (const feature of [...featuresOf(of), ...fates]) count(this.#histories, feature);
    for (const { role, verdict } of of.line.received.verdicts.values())
      count(this.#verdicts, `${role} ${verdict.reason ?? verdict.note ?? 'selected'}`);
  }

  histories(feature: string): number {
    return this.#histories.get(feature) ?? 0;
  }

  /** Verdicts of a reason, whatever they are of. */
  reasons(reason: string): number {
    return [...this.#verdicts].reduce(
      (sum, [name, times]) => (name.endsWith(` ${reason}`) ? sum + times : sum),
      0,
    );
  }

  toString(): string {
    const lines = (counts: ReadonlyMap<string, number>): string =>
      [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, times]) => `  ${name}: ${times}`)
        .join('\n');
    return `histories with\n${lines(this.#histories)}\nverdicts\n${lines(this.#verdicts)}`;
  }
}

/** What the thousand histories must hold. */
export const FEATURES: readonly string[] = [
  '1 logs',
  '2 logs',
  '3 logs',
  ...['skewed clocks', 'many equal stamps', 'epochs that may be empty', 'a change of policy'],
  ...['reports of a session', 'paid witnesses', 'restarts', 'restarts from an older point'],
  ...['a queue that lost everything', 'jobs made again', 'jobs computed by fold'],
  ...FATES.map((fate) => `a job whose fate is ${fate}`),
  ...REPEATS.map((how) => `a report sent again, ${how}`),
  ...JUNK.map((what) => `a record that is ${what}`),
  ...BEACON_FLAWS.map((flaw) => `a beacon with the flaw ${flaw}`),
  ...WITNESS_FLAWS.map((flaw) => `a witness with the flaw ${flaw}`),
];

function featuresOf({
  history,
  plan,
  line,
}: {
  readonly history: History;
  readonly plan: Plan;
  readonly line: LineResult;
}): readonly string[] {
  const { logs, deeds, tick, steady, changedFrom } = history;
  const how = deeds.flatMap((deed) => (deed.kind === 'again' ? [`a report sent again, ${deed.how}`] : []));
  const flaws = deeds.flatMap((deed) => {
    if (deed.kind === 'junk') return [`a record that is ${deed.what}`];
    if (deed.kind === 'again') return [];
    return [
      ...(deed.flaw === null ? [] : [`a beacon with the flaw ${deed.flaw}`]),
      ...deed.witnesses.flatMap(({ flaw }) => (flaw === null ? [] : [`a witness with the flaw ${flaw}`])),
    ];
  });
  const isSession = deeds.some(
    (deed) => deed.kind === 'poc' && (deed.session || deed.witnesses.some(({ session }) => session)),
  );
  const restarts = plan.steps.flatMap(({ restart }) => restart ?? []);
  const parts: readonly (readonly [boolean, string])[] = [
    [logs.some(({ skew }) => skew !== 0), 'skewed clocks'],
    [tick > 1, 'many equal stamps'],
    [!steady, 'epochs that may be empty'],
    [changedFrom !== null, 'a change of policy'],
    [isSession, 'reports of a session'],
    [line.restarts > 0, 'restarts'],
    [line.restarts > 0 && restarts.some((back) => back > 0), 'restarts from an older point'],
    [plan.steps.some(({ loseJobs }) => loseJobs), 'a queue that lost everything'],
    [line.jobs.requeued > 0, 'jobs made again'],
    [line.jobs.fold > 0, 'jobs computed by fold'],
    [[...line.received.verdicts.values()].some(({ verdict }) => verdict.selected), 'paid witnesses'],
  ];
  const found = parts.flatMap(([is, name]) => (is ? [name] : []));
  return [...new Set([`${logs.length} logs`, ...found, ...how, ...flaws])];
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
