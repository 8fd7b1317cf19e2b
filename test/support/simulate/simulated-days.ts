import { createHash } from 'node:crypto';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { classify } from '#protocol/deny/classify';
import type { Finding } from '#protocol/deny/classifiers/finding';
import { observe, seenPoc, type SeenEpoch } from '#protocol/deny/classifiers/observed';
import { cellCentre } from '#protocol/geo/cell';
import { regionOf, regionPlan } from '#protocol/geo/regions';
import { DEFAULT_POLICY } from '#protocol/policy';
import { judgeEpoch } from '#protocol/settle/epoch/judge-epoch';
import { epochNumber, millis, type HotspotKey } from '#protocol/units';
import type {
  EntropyFact,
  HotspotFacts,
  LoggedReport,
  PocVerdict,
  ReportVerdict,
} from '#protocol/verify/poc';
import { emptyPocState } from '#protocol/verify/state';
import { toHex } from '#protocol/wire/hex';
import { openReport } from '#protocol/wire/report';
import { verifySignature } from '#services/runtime/signature';
import { cellAt } from '#services/simulate/fleet';
import type { Member } from '#services/simulate/command/crowd';
import { openActor } from '#services/simulate/hotspot/actor';
import { openBeaconLoop } from '#services/simulate/hotspot/beacon-loop';
import { signedReport } from '#services/simulate/hotspot/reports';
import { virtualClock } from '#services/simulate/medium/clock';
import { openMedium, type MediumCounts } from '#services/simulate/medium/medium';
import { seededRandom } from '#services/simulate/medium/random';

/** 2026-11-01 00:00:00 UTC. */
const START_S = 1_793_491_200;
const DAY_S = 86_400;
const HOUR_MS = 3_600_000;
const UPLINK_MS = 20;
const ORIGIN = 'simulated/log';

export interface SimulatedDays {
  readonly verdicts: readonly PocVerdict[];
  readonly badlySigned: readonly ReportVerdict[];
  readonly findings: readonly Finding[];
  readonly air: MediumCounts;
}

/** Lets hotspots beacon by the client's schedule for some days of a virtual clock, and judges all they report. */
export async function simulateDays(of: {
  readonly members: readonly Member[];
  readonly days: number;
  readonly seed: string;
}): Promise<SimulatedDays> {
  const { members, days, seed } = of;
  const policy = DEFAULT_POLICY;
  const clock = virtualClock(START_S * 1000);
  const medium = openMedium({ clock, seed });
  const reports: LoggedReport[] = [];
  const entropies = new Map<string, EntropyFact>();
  const entropy = () => {
    const timestamp = Math.floor(clock.now() / 60_000) * 60;
    const bytes = Uint8Array.from(createHash('sha256').update(`${seed} ${timestamp}`).digest());
    const data = toHex(bytes);
    entropies.set(data, { data, timestamp, version: 0, receivedAt: millis(timestamp * 1000) });
    return Promise.resolve({ data: bytes, timestamp, version: 0 });
  };
  const registry = new Map(members.map((member) => [member.identity.key, factsOf(member)]));
  const forgers = members.filter(({ behaviour }) => behaviour.overhear !== undefined);
  const actors = members.map((member, at) => {
    const { identity } = member;
    const random = seededRandom('days', seed, at);
    const region = regionOf(cellAt(member.place));
    if (region === null) throw new Error(`${member.name} is in no region`);
    const plan = regionPlan(region);
    const actor = openActor({
      medium,
      antenna: member,
      identity,
      random,
      intervalS: policy.beacon_interval_s,
      cheat: member.behaviour,
      entropy,
      params: () => ({ region: plan.number, plan, gain: member.gain }),
      uplink: {
        submit: (draft, sign = identity.sign) => {
          const { kind, bytes } = signedReport(draft, sign);
          const index = reports.length;
          const receivedAt = millis(Math.floor(clock.now()) + UPLINK_MS);
          const position = { receivedAt, origin: ORIGIN, index };
          reports.push({ position, report: openReport(kind, bytes), signer: identity.key });
        },
      },
      // Whoever forges has the first one for a friend.
      ...(at === 0
        ? {
            tellFriends: (heard) => {
              for (const forger of forgers) actors[members.indexOf(forger)]?.overhear(heard);
            },
          }
        : {}),
    });
    const loop = openBeaconLoop({
      clock,
      random,
      intervalS: policy.beacon_interval_s,
      beacon: () => void actor.beacon(),
    });
    const answer = (): void => {
      loop.regionAnswered(Math.floor(clock.now() / 1000));
      clock.after(HOUR_MS, answer);
    };
    clock.after(7_000 + random() * 6_000, answer);
    return actor;
  });
  await clock.runUntil((START_S + days * DAY_S) * 1000);

  let state = emptyPocState();
  const verdicts: PocVerdict[] = [];
  const badlySigned: ReportVerdict[] = [];
  const epochs = Array.from({ length: days }, (_, day): SeenEpoch => {
    const epoch = epochNumber(BigInt(day));
    const facts = { epoch, start: START_S + day * DAY_S, end: START_S + (day + 1) * DAY_S };
    const since = facts.start * 1000 - policy.windows.identity_ms;
    const judged = judgeEpoch({
      facts,
      policy,
      deny: NOBODY_DENIED,
      registry,
      state,
      reports: reports.filter(
        ({ position: { receivedAt } }) => since <= receivedAt && receivedAt <= facts.end * 1000 + 10_000,
      ),
      entropies: [...entropies.values()],
      verify: verifySignature,
    });
    ({ state } = judged);
    verdicts.push(...judged.verdicts);
    badlySigned.push(...judged.badlySigned);
    const pocs = judged.verdicts.flatMap((verdict) => seenPoc(verdict, { epoch, registry }) ?? []);
    return { epoch, registry, pocs };
  });
  return { verdicts, badlySigned, findings: classify(observe({ policy, epochs })), air: medium.counts };
}

/** How many reports of some hotspots met each reason; those that are valid count as `valid`. */
export function reasonsOf(
  { verdicts, badlySigned }: SimulatedDays,
  keys: readonly HotspotKey[],
  kind: 'beacon' | 'witness',
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  const all = verdicts.flatMap(({ beacon, witnesses, others }) => [
    ...(beacon === null ? [] : [beacon]),
    ...witnesses,
    ...others,
  ]);
  for (const verdict of [...all, ...badlySigned]) {
    if (verdict.kind !== kind || !keys.includes(verdict.key)) continue;
    const reason = verdict.reason ?? 'valid';
    counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

/** Endorsed hotspots of long standing: what is tested is what the rules make of them, not their tier. */
function factsOf({ identity, asserted, gain, elevation }: Member): HotspotFacts {
  const cell = cellAt(asserted);
  return {
    key: identity.key,
    mode: 'full',
    status: 'active',
    tier: 'endorsed',
    cell,
    ...cellCentre(cell),
    gain,
    elevation,
    registeredAt: 1_700_000_000,
  };
}
