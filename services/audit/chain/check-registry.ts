import type { Hotspot } from '#client';
import { keyText } from '#protocol/wire/key';
import {
  creditsAt,
  factsAt,
  registryAt,
  type RawCredits,
  type RegistryTable,
  type Timed,
} from '#protocol/settle/registry';
import type { EpochNumber } from '#protocol/units';
import type { HotspotFacts } from '#protocol/verify/poc';
import { Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';

/**
 * Compares the folder's registry with what the chain still says about that epoch. Who was registered never changes; a
 * value that was replaced since the epoch is gone from the chain, and then only the oracles' quorum vouches for it.
 */
export function checkRegistry(input: {
  readonly table: RegistryTable;
  readonly hotspots: readonly Hotspot[];
  readonly credits: readonly RawCredits[];
  readonly epoch: EpochNumber;
  /** Seconds. */
  readonly end: number;
}): readonly Finding[] {
  const { table, epoch } = input;
  const onChain = registryAt(input);
  const raw = new Map(input.hotspots.map((hotspot) => [hotspot.key, hotspot]));
  const replaced: string[] = [];
  for (const key of new Set([...table.hotspots.keys(), ...onChain.keys()])) {
    const [theirs, hotspot] = [table.hotspots.get(key), raw.get(key)];
    if (theirs === undefined || hotspot === undefined || !onChain.has(key))
      throw new Disagreement({
        check: 'registry',
        where: `registry.bin: ${keyText(key)}`,
        found: theirs === undefined ? 'absent' : 'registered',
        expected: onChain.has(key) ? 'registered' : 'absent',
      });
    const field = firstDifferentFact(theirs, factsAt(hotspot, epoch));
    if (field === null) continue;
    if (field.name === 'registeredAt' || isInForce(hotspot, field.name, epoch))
      throw new Disagreement({
        check: 'registry',
        where: `registry.bin: ${keyText(key)} ${field.name}`,
        found: field.theirs,
        expected: field.chain,
      });
    replaced.push(`${keyText(key)} ${field.name}`);
  }
  const agreeing = table.hotspots.size - replaced.length;
  replaced.push(...replacedCredits(input));
  const findings: Finding[] = [
    { kind: 'agrees', check: 'registry', says: `${agreeing} hotspots as the chain has them` },
  ];
  if (table.credits.length > 0)
    findings.push({
      kind: 'agrees',
      check: 'registry',
      says: `the same ${table.credits.length} owners of data credits as the chain has`,
    });
  if (replaced.length > 0)
    findings.push({
      kind: 'not_checked',
      check: 'registry',
      says: `the chain no longer has the values of then: ${replaced.join(', ')}`,
    });
  return findings;
}

/** Owners whose balance of then is gone from the chain; who had credits in the epoch is never gone. */
function replacedCredits(input: {
  readonly table: RegistryTable;
  readonly credits: readonly RawCredits[];
  readonly epoch: EpochNumber;
}): readonly string[] {
  const theirs = new Map(input.table.credits.map(({ owner, balance }) => [owner, balance]));
  const chain = new Map(creditsAt(input.credits, input.epoch).map(({ owner, balance }) => [owner, balance]));
  const raw = new Map(input.credits.map((credits) => [credits.owner, credits]));
  return [...new Set([...theirs.keys(), ...chain.keys()])].flatMap((owner) => {
    const [found, expected] = [theirs.get(owner), chain.get(owner)];
    if (found === expected) return [];
    const isKept = input.epoch >= (raw.get(owner)?.balance.nextFrom ?? 0n);
    if (found !== undefined && expected !== undefined && !isKept) return [`credits of ${owner}`];
    throw new Disagreement({
      check: 'registry',
      where: `registry.bin: credits of ${owner}`,
      found: found?.toString() ?? 'absent',
      expected: expected?.toString() ?? 'absent',
    });
  });
}

const FACTS = [
  'registeredAt',
  'status',
  'tier',
  'mode',
  'cell',
  'latitude',
  'longitude',
  'gain',
  'elevation',
] as const;
type Fact = (typeof FACTS)[number];

function firstDifferentFact(
  theirs: HotspotFacts,
  chain: HotspotFacts,
): { readonly name: Fact; readonly theirs: string; readonly chain: string } | null {
  const name = FACTS.find((fact) => theirs[fact] !== chain[fact]);
  return name === undefined ? null : { name, theirs: String(theirs[name]), chain: String(chain[name]) };
}

/** `next` is what holds from nextFrom on, for ever after; `current` may have replaced something that held in the epoch. */
function isInForce(hotspot: Hotspot, fact: Exclude<Fact, 'registeredAt'>, epoch: EpochNumber): boolean {
  const timed: Timed<unknown> =
    fact === 'status' ? hotspot.status : fact === 'tier' ? hotspot.tier : hotspot.location;
  return epoch >= timed.nextFrom;
}
