import type { DeniedKey } from '../deny/deny-file.ts';
import { amount, type Amount, type Millis } from '../units.ts';
import { causesOf, sumCauses, type Cause } from './causes.ts';
import type { HotspotEpoch } from './hotspot-epoch.ts';
import type { BetterPlace } from './density.ts';

/** Something that would have made, or would make, the hotspot earn more; each follows from the epoch's data alone. */
export type Advice =
  | { readonly kind: 'answer_denial'; readonly entry: DeniedKey }
  | { readonly kind: 'await_release' }
  | { readonly kind: 'assert_location' }
  | { readonly kind: 'leave_unknown_region' }
  | { readonly kind: 'become_full' }
  /** No beacon of it arrived, though one would have counted from `from` on (null: at any time). */
  | { readonly kind: 'send_beacons'; readonly from: Millis | null }
  | ({ readonly kind: 'fix_beacons' } & Cause)
  /** So many of the beacons that met the rules for themselves were reported by nobody. */
  | { readonly kind: 'be_heard'; readonly unheard: number; readonly sound: number }
  /** Valid beacons that were reported, but by nobody who is paid, and why these were not. */
  | { readonly kind: 'heard_unpaid'; readonly beacons: number; readonly causes: readonly Cause[] }
  /** Beacons with fewer selected witnesses than make a whole unit. */
  | { readonly kind: 'more_witnesses'; readonly beacons: number; readonly wanted: number }
  | { readonly kind: 'send_witnesses' }
  | ({ readonly kind: 'fix_witnesses' } & Cause)
  /** Its beacons stop counting at `until`, or have stopped (null: they never did), unless it is a valid witness. */
  | { readonly kind: 'witness_others'; readonly until: Millis | null }
  /** Its witness reports stop counting at `until` unless another hotspot hears its beacon. */
  | { readonly kind: 'be_heard_again'; readonly until: Millis | null }
  | { readonly kind: 'move'; readonly places: readonly BetterPlace[] }
  /** Pairs that nobody vouches for, and what the cap on open hotspots took. */
  | { readonly kind: 'get_endorsed'; readonly untrusted: number; readonly capped: Amount };

/** What would raise a hotspot's pay, the most basic first. */
export function adviceFor(epoch: Omit<HotspotEpoch, 'advice'>): readonly Advice[] {
  const advice = [
    ...standingAdvice(epoch),
    ...beaconAdvice(epoch),
    ...witnessAdvice(epoch),
    ...clockAdvice(epoch),
    ...payAdvice(epoch),
  ];
  const covered = new Set(advice.flatMap(({ kind }) => COVERED[kind] ?? []));
  return advice.filter((each) => !('cause' in each && covered.has(each.cause)));
}

/** Causes that are told by better advice than their rule. */
const COVERED: Partial<Record<Advice['kind'], Cause['cause']>> = {
  answer_denial: 'denied',
  await_release: 'quarantined',
  assert_location: 'not_asserted',
  leave_unknown_region: 'not_asserted',
  become_full: 'invalid_capability',
  witness_others: 'gateway_no_valid_witnesses',
  be_heard_again: 'gateway_no_valid_beacons',
};

/** What stands in the way of every report. */
function standingAdvice({ hotspot, region, denials }: Omit<HotspotEpoch, 'advice'>): readonly Advice[] {
  const advice: Advice[] = [];
  if (denials.entry !== null && denials.inForce) advice.push({ kind: 'answer_denial', entry: denials.entry });
  if (hotspot.status === 'quarantined') advice.push({ kind: 'await_release' });
  if (hotspot.cell === null) advice.push({ kind: 'assert_location' });
  else if (region === null) advice.push({ kind: 'leave_unknown_region' });
  if (hotspot.mode !== 'full') advice.push({ kind: 'become_full' });
  return advice;
}

function beaconAdvice({ reports, clocks, facts, policy }: Omit<HotspotEpoch, 'advice'>): readonly Advice[] {
  const { sent } = reports;
  const valid = sent.filter(({ verdict }) => verdict.reason === null);
  const from = clocks.lastBeacon?.until ?? null;
  const advice: Advice[] = [];
  if (sent.length === 0 && (from === null || from <= facts.end * 1000))
    advice.push({ kind: 'send_beacons', from });
  for (const cause of causesOf(
    sent.map(({ verdict }) => verdict),
    'beaconer',
  ))
    advice.push({ kind: 'fix_beacons', ...cause });
  const sound = sent.filter(
    ({ verdict: { reason } }) => reason === null || reason === 'gateway_no_valid_witnesses',
  );
  const unheard = sound.filter(({ attached }) => attached === 0).length;
  if (unheard > 0) advice.push({ kind: 'be_heard', unheard, sound: sound.length });
  const unpaid = valid.filter(({ attached, selected }) => attached > 0 && selected === 0);
  if (unpaid.length > 0) {
    const causes = sumCauses(unpaid.flatMap((beacon) => beacon.causes));
    advice.push({ kind: 'heard_unpaid', beacons: unpaid.length, causes });
  }
  const wanted = policy.units.witnesses;
  const few = valid.filter(({ selected }) => selected > 0 && selected < wanted).length;
  if (few > 0) advice.push({ kind: 'more_witnesses', beacons: few, wanted });
  return advice;
}

function witnessAdvice({ reports }: Omit<HotspotEpoch, 'advice'>): readonly Advice[] {
  if (reports.given.length === 0) return [{ kind: 'send_witnesses' }];
  const own = reports.given.map(({ verdict }) => verdict).filter(({ note }) => note === null);
  return causesOf(own, 'witness').map((cause) => ({ kind: 'fix_witnesses', ...cause }));
}

/** Clocks that have run out, or do before the next epoch ends. */
function clockAdvice({ clocks, facts, policy }: Omit<HotspotEpoch, 'advice'>): readonly Advice[] {
  const next = facts.epoch + 1n;
  if (next < BigInt(policy.reciprocity_from)) return [];
  const nextEnd = (2 * facts.end - facts.start) * 1000;
  const runsOut = (until: Millis | null): boolean => until === null || until <= nextEnd;
  const [heard, witness] = [clocks.lastHeard?.until ?? null, clocks.lastWitness?.until ?? null];
  const advice: Advice[] = [];
  if (runsOut(witness)) advice.push({ kind: 'witness_others', until: witness });
  if (runsOut(heard)) advice.push({ kind: 'be_heard_again', until: heard });
  return advice;
}

function payAdvice({ density, hotspot, reports, pay }: Omit<HotspotEpoch, 'advice'>): readonly Advice[] {
  const advice: Advice[] = [];
  if (density !== null && density.better.length > 0) advice.push({ kind: 'move', places: density.better });
  if (hotspot.tier !== 'open') return advice;
  const pairs = [...reports.given, ...reports.received];
  const untrusted = pairs.filter(({ verdict }) => verdict.note === 'untrusted_pair').length;
  const capped = pay === null ? 0n : pay.uncapped - pay.total;
  if (untrusted > 0 || capped > 0n) advice.push({ kind: 'get_endorsed', untrusted, capped: amount(capped) });
  return advice;
}
