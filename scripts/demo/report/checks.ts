import type { Reason } from '#protocol/verify/reasons';
import type { HotspotKey } from '#protocol/units';
import type { Role } from '#services/simulate/demo/sites';
import type { JudgedReport } from './verdicts.ts';

/** What the checks need to know of a simulated hotspot. */
export interface Actor {
  readonly name: string;
  readonly key: HotspotKey;
  readonly role: Role;
  readonly endorsed: boolean;
}

export interface Check {
  readonly what: string;
  readonly holds: boolean;
  /** Figures behind it. */
  readonly detail: string;
}

/** Roots of one epoch by oracle, and on chain. */
export interface Roots {
  readonly epoch: bigint;
  readonly oracles: readonly (string | null)[];
}

export interface Money {
  readonly minted: bigint;
  readonly claimed: bigint;
  /** For data credits, less what was given back. */
  readonly burned: bigint;
  readonly cumulative: bigint;
  /** Sum over the token accounts of all owners, oracles and the operations fund. */
  readonly balances: bigint;
}

/** Who breaks a rule that a verdict names; what a Sybil earns is told by sybils.ts. */
type Cheat = Exclude<Role, 'honest' | 'sybil'>;

/** The one reason that fits each cheat. */
const FITTING: Readonly<Record<Cheat, { readonly kind: JudgedReport['kind']; readonly reason: Reason }>> = {
  liar: { kind: 'witness', reason: 'max_distance_exceeded' },
  thief: { kind: 'beacon', reason: 'duplicate' },
  forger: { kind: 'witness', reason: 'bad_signature' },
  crowder: { kind: 'witness', reason: 'below_min_distance' },
};

export function checkRoots(all: readonly Roots[]): readonly Check[] {
  return all.map(({ epoch, oracles }) => {
    const [first] = oracles;
    const holds = first !== undefined && first !== null && oracles.every((root) => root === first);
    const detail = holds
      ? first.slice(0, 16)
      : oracles.map((root) => root?.slice(0, 16) ?? 'none').join(', ');
    return { what: `epoch ${epoch}: ${oracles.length} oracles computed the same root`, holds, detail };
  });
}

export function checkMoney({ minted, claimed, burned, cumulative, balances }: Money): Check {
  const holds = minted > 0n && minted === claimed - burned && minted === balances && claimed === cumulative;
  const detail = `supply ${minted}, claimed ${claimed}, burned ${burned}, balances ${balances}, attested ${cumulative}`;
  return { what: 'supply = claimed - burned = sum of balances', holds, detail };
}

/** Every ordered pair that hears each other and of which one is endorsed has at least one paid witness report. */
export function checkHonestPairs(options: {
  readonly pairs: readonly (readonly [beaconer: Actor, witness: Actor])[];
  readonly reports: readonly JudgedReport[];
}): Check {
  const paid = new Set(
    options.reports
      .filter(({ kind, paid: isPaid }) => kind === 'witness' && isPaid)
      .map(({ beaconer, reporter }) => `${beaconer ?? ''} ${reporter}`),
  );
  const unpaid = options.pairs.filter(([beaconer, witness]) => !paid.has(`${beaconer.key} ${witness.key}`));
  const names = unpaid.map(([beaconer, witness]) => `${beaconer.name} heard by ${witness.name}`);
  return {
    what: 'every honest pair was paid',
    holds: options.pairs.length > 0 && unpaid.length === 0,
    detail: unpaid.length === 0 ? `${options.pairs.length} pairs` : `not paid: ${names.join('; ')}`,
  };
}

/** Two open hotspots are never selected for each other; the pair of software keys did meet. */
export function checkOpenPairs(actors: readonly Actor[], reports: readonly JudgedReport[]): Check {
  const open = new Map(actors.filter(({ endorsed }) => !endorsed).map((actor) => [actor.key, actor]));
  const between = reports.filter(
    ({ kind, reporter, beaconer }) =>
      kind === 'witness' && open.has(reporter) && beaconer !== null && open.has(beaconer),
  );
  const paid = between.filter((report) => report.paid);
  const honest = between.filter(
    ({ reporter, beaconer, note }) =>
      note === 'untrusted_pair' &&
      open.get(reporter)?.role === 'honest' &&
      beaconer !== null &&
      open.get(beaconer)?.role === 'honest',
  );
  return {
    what: 'the open pair earned nothing from each other',
    holds: paid.length === 0 && honest.length > 0,
    detail: `${honest.length} reports of the pair are untrusted_pair, ${paid.length} paid`,
  };
}

/** For each cheater: its cheating reports exist, none is paid, and each has the reason that fits. */
export function checkCheaters(options: {
  readonly actors: readonly Actor[];
  readonly reports: readonly JudgedReport[];
  /** Keys of the peers that each crowder stands too near to. */
  readonly crowded: ReadonlySet<HotspotKey>;
}): readonly Check[] {
  const thieves = new Set(options.actors.filter(({ role }) => role === 'thief').map(({ key }) => key));
  return options.actors.flatMap((actor) => {
    const { role, name, key } = actor;
    if (role === 'honest' || role === 'sybil') return [];
    const fitting = (report: JudgedReport): Reason => fittingReason({ role, report, thieves });
    const { kind, reason } = FITTING[role];
    const cheating = options.reports.filter(
      (report) => report.reporter === key && isCheating({ role, kind, report, crowded: options.crowded }),
    );
    // Where the beacon itself failed nobody looked at the cheat.
    const wrong = cheating.filter(
      (report) => report.paid || (!report.inherited && report.reason !== fitting(report)),
    );
    const met = cheating.some((report) => report.reason === reason);
    const found = [...new Set(wrong.map((report) => report.reason ?? report.note ?? 'paid'))];
    return {
      what: `${role} ${name}: every cheating report is unpaid as ${reason}`,
      holds: met && wrong.length === 0,
      detail: `${cheating.length} reports${wrong.length === 0 ? '' : `, ${wrong.length} otherwise: ${found.join(', ')}`}`,
    };
  });
}

/** A stolen payload that reached the log before its victim's report is a beacon, and made up like all that hangs on it. */
function fittingReason(options: {
  readonly role: Cheat;
  readonly report: JudgedReport;
  readonly thieves: ReadonlySet<HotspotKey>;
}): Reason {
  const { role, report, thieves } = options;
  const isStolen = report.beaconer !== null && thieves.has(report.beaconer);
  return isStolen && role !== 'forger' ? 'invalid_packet' : FITTING[role].reason;
}

function isCheating(options: {
  readonly role: Cheat;
  readonly kind: JudgedReport['kind'];
  readonly report: JudgedReport;
  readonly crowded: ReadonlySet<HotspotKey>;
}): boolean {
  const { role, kind, report, crowded } = options;
  // All that the forger sends is forged; the crowder cheats only where it hears the peer beside it.
  if (role === 'forger') return true;
  if (report.kind !== kind) return false;
  return role !== 'crowder' || (report.beaconer !== null && crowded.has(report.beaconer));
}
