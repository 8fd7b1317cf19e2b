import { millis } from '#protocol/units';
import type { PocState } from '#protocol/verify/poc';
import { clonePocState, forgetBefore, forgetEntropies } from '#protocol/verify/state';
import type { BatchEpoch } from './batch.ts';
import { EPOCH_MS, EPOCHS, linePolicy, START_MS } from './network.ts';
import type { LineResult } from './run.ts';
import type { PlacedVerdict } from './verdicts.ts';

/** Everything in which the line and the settled epochs do not agree, one sentence each. */
export function differences(of: {
  readonly epochs: readonly BatchEpoch[];
  readonly line: LineResult;
  readonly steady: boolean;
}): string[] {
  const { epochs, line, steady } = of;
  const states = epochs.flatMap(({ state }, number) => {
    const reached = line.states.get(number);
    if (reached === undefined) return [`no state after epoch ${number}`];
    return stateDifferences({ number, steady, settled: state, reached, line });
  });
  return [
    ...line.received.changed.map((place) => `two verdicts for ${place}`),
    ...verdictDifferences(of),
    ...states,
  ];
}

function verdictDifferences({
  epochs,
  line,
}: {
  readonly epochs: readonly BatchEpoch[];
  readonly line: LineResult;
}): readonly string[] {
  const settled = new Map<string, PlacedVerdict>();
  /** Told in an epoch that settles nothing and leaves no state: settlement may tell a copy again. */
  const forgotten = new Set<string>();
  for (const { verdicts, empty } of epochs) {
    for (const [place, placed] of verdicts) {
      if (settled.has(place)) return [`two epochs name ${place}`];
      const { reason, reportId } = placed.verdict;
      if (reason === 'bad_signature' || !forgotten.has(reportId)) settled.set(place, placed);
    }
    if (empty)
      for (const { verdict } of verdicts.values())
        if (verdict.reason !== 'bad_signature') forgotten.add(verdict.reportId);
  }
  const provisional = new Map(
    [...line.received.verdicts].filter((entry) => belongsToEpoch(entry, { line, settled })),
  );
  return [...new Set([...settled.keys(), ...provisional.keys()])].flatMap((place) => {
    const [batch, live] = [settled.get(place), provisional.get(place)].map(text);
    return batch === live ? [] : [`${place}\n  settled     ${batch ?? ''}\n  provisional ${live ?? ''}`];
  });
}

/** Reports that met no beacon belong to no epoch, unless they are badly signed; nor does what came after the last one. */
function belongsToEpoch(
  [place, { epoch, verdict }]: [string, PlacedVerdict],
  of: { readonly line: LineResult; readonly settled: ReadonlyMap<string, PlacedVerdict> },
): boolean {
  if (verdict.reason !== 'bad_signature') return Number(epoch) < EPOCHS && !of.line.received.unmet.has(place);
  const { receivedAt } = verdict.position;
  const within = receivedAt > START_MS && receivedAt <= START_MS + EPOCHS * EPOCH_MS;
  return within || of.settled.has(place);
}

/** A bad signature is settled with the epoch of its reception, and shown with whatever it came with. */
function text(placed: PlacedVerdict | undefined): string {
  if (placed === undefined) return 'none';
  const { epoch, ...rest } = placed;
  return JSON.stringify(rest.verdict.reason === 'bad_signature' ? rest : { epoch, ...rest });
}

/** The line's state goes on from one epoch to the next; what settlement forgets at an epoch's end is left out. */
function stateDifferences(of: {
  readonly number: number;
  readonly steady: boolean;
  readonly settled: PocState;
  readonly reached: PocState;
  readonly line: LineResult;
}): readonly string[] {
  const { windows } = linePolicy([], of.steady);
  const end = START_MS + (of.number + 1) * EPOCH_MS;
  // The line has looked when the epoch's last group had closed.
  const looked = end + windows.attach_after_ms + 1;
  const kept = (state: PocState): PocState => {
    const copy = clonePocState(state);
    forgetBefore(copy, { time: millis(end), windows });
    forgetEntropies(copy.entropies, { time: millis(looked), windows });
    return copy;
  };
  const since = looked - 2 * windows.identity_ms;
  // What came too late for its PoC within the ten seconds that the last group stayed open belongs to the next epoch.
  const after = new Set(
    [...of.line.received.verdicts.values()]
      .filter(({ role, verdict }) => role === 'other' && verdict.position.receivedAt > end)
      .map(({ verdict }) => verdict.reportId),
  );
  const rows = ({ clocks, entropies, recent }: PocState): readonly string[] => [
    ...[...clocks].map((each) => JSON.stringify(each)),
    ...[...entropies].map((each) => JSON.stringify(each)),
    // An epoch that settles nothing leaves no identities; the next one's evidence shows those that still matter.
    ...[...recent.values()]
      .filter(({ receivedAt }) => of.steady && receivedAt >= since)
      .map(({ seen, ...each }) =>
        JSON.stringify({ ...each, seen: [...seen].filter((id) => !after.has(id)).sort() }),
      ),
  ];
  const [settledRows, reachedRows] = [new Set(rows(kept(of.settled))), new Set(rows(kept(of.reached)))];
  return [
    ...[...settledRows]
      .filter((row) => !reachedRows.has(row))
      .map((row) => `after epoch ${of.number} only settled: ${row}`),
    ...[...reachedRows]
      .filter((row) => !settledRows.has(row))
      .map((row) => `after epoch ${of.number} only provisional: ${row}`),
  ];
}
