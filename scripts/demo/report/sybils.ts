import { computeEpoch, type EpochInput } from '#protocol/epoch';
import { openFolder, type FolderFiles } from '#protocol/settle/folder';
import type { HotspotKey } from '#protocol/units';
import { verifySignature } from '#services/runtime/signature';
import type { Actor, Check } from './checks.ts';
import { tokens } from './table.ts';
import type { JudgedReport } from './verdicts.ts';

/** What the same signed evidence would have paid to some keys. */
export interface SybilEarnings {
  /** As the network settled it. */
  readonly settled: bigint;
  /** If a maker vouched for the first of them, or a bond stood behind it. */
  readonly oneTrusted: bigint;
  /** Under a policy that trusts any pair and caps nobody. */
  readonly anyPair: bigint;
}

/** Recomputes epochs from their public folders, as they were settled and under two other terms. */
export function sybilEarnings(of: {
  readonly folders: readonly FolderFiles[];
  readonly keys: readonly HotspotKey[];
}): SybilEarnings {
  const inputs = of.folders.map((files): EpochInput => {
    const folder = openFolder(files);
    return { ...folder, state: folder.stateBefore, verify: verifySignature };
  });
  const earned = (terms: (input: EpochInput) => EpochInput): bigint =>
    inputs.reduce((sum, input) => sum + earnedIn(terms(input), of.keys), 0n);
  return {
    settled: earned((input) => input),
    oneTrusted: earned((input) => withTrusted(input, of.keys[0])),
    anyPair: earned((input) => ({
      ...input,
      policy: { ...input.policy, trust: { pairs: 'any', open_cap_bp: 10_000 } },
    })),
  };
}

export function earningsTable({ settled, oneTrusted, anyPair }: SybilEarnings): readonly string[] {
  return [
    `${tokens(settled).padStart(10)}  as settled: a pair of open keys is never selected`,
    `${tokens(oneTrusted).padStart(10)}  if one of them were endorsed or bonded: what a maker's word or a bond has to be worth`,
    `${tokens(anyPair).padStart(10)}  if the policy trusted any pair without a cap: their reports break no rule of physics`,
  ];
}

/** They did witness each other by every rule, and were paid nothing for it. */
export function checkSybils(of: {
  readonly sybils: readonly Actor[];
  readonly reports: readonly JudgedReport[];
  readonly earnings: SybilEarnings;
}): Check {
  const keys = new Set(of.sybils.map(({ key }) => key));
  const valid = of.reports.filter(
    ({ kind, reporter, reason }) => kind === 'witness' && keys.has(reporter) && reason === null,
  );
  return {
    what: 'two software keys without a radio earned nothing',
    holds: valid.length > 0 && of.earnings.settled === 0n && of.earnings.anyPair > 0n,
    detail: `${valid.length} valid witness reports of each other, ${tokens(of.earnings.settled)} tokens`,
  };
}

function earnedIn(input: EpochInput, keys: readonly HotspotKey[]): bigint {
  const result = computeEpoch(input);
  if (result.kind === 'empty') return 0n;
  return result.payouts
    .filter(({ key }) => keys.includes(key))
    .reduce((sum, { amounts }) => sum + amounts.beacon + amounts.witness + amounts.data, 0n);
}

function withTrusted(input: EpochInput, key: HotspotKey | undefined): EpochInput {
  const facts = key === undefined ? undefined : input.registry.hotspots.get(key);
  if (facts === undefined) return input;
  const hotspots = new Map(input.registry.hotspots).set(facts.key, { ...facts, tier: 'endorsed' });
  return { ...input, registry: { ...input.registry, hotspots } };
}
