import type { Connection } from '@solana/web3.js';
import { policyAt, readHotspots, type Network } from '#client';
import { computeEpoch } from '#protocol/epoch';
import type { SealedEvidence } from '#protocol/evidence/cut';
import type { Policy } from '#protocol/policy';
import { FILES } from '#protocol/settle/folder';
import { openPolicy, policyHash } from '#protocol/settle/policy-codec';
import { registryAt } from '#protocol/settle/registry';
import { emptyState, openState, stateHash, type EpochState } from '#protocol/settle/state';
import type { Tuple } from '#protocol/settle/tuple';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { epochBounds, epochFacts } from '#services/runtime/chain-epoch';
import { readCut } from '#services/runtime/evidence-cut';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { checkCut, openLogCopies, proven } from './check-evidence.ts';
import { CannotCheck, Disagreement, type Finding } from './report.ts';
import type { TuplePlace } from './tuple-chain.ts';

interface Skipped {
  readonly connection: Connection;
  readonly network: Network;
  readonly epoch: EpochNumber;
  readonly source: PublicFiles;
  readonly verify: VerifySignature;
  readonly place: Extract<TuplePlace, { readonly kind: 'skipped' }>;
  readonly onFinding: (finding: Finding) => void;
}

/** An epoch without a tuple must be empty: computed from the logs themselves, because no folder holds it. */
export async function checkSkipped(input: Skipped): Promise<string> {
  const { network, epoch, place } = input;
  const neighbours = `between epochs ${place.after?.epoch.toString() ?? 'none'} and ${place.before.epoch.toString()}`;
  input.onFinding({ kind: 'agrees', check: 'tuple', says: `none: skipped ${neighbours}` });
  const { policy, denyFile } = await policyOf(input);
  const hotspots = await readHotspots(input.connection, network);
  const { end } = epochBounds(network, epoch);
  const result = computeEpoch({
    facts: epochFacts(network, epoch),
    parent: place.after,
    evidence: await cutsOf(input, policy),
    registry: {
      keyNetwork: network.keyNetwork,
      hotspots: registryAt({ hotspots: hotspots.value, epoch, end }),
      credits: [],
      voters: [],
    },
    policy,
    denyFile,
    state: await stateAfter(input),
    verify: input.verify,
  });
  if (result.kind !== 'empty')
    throw new Disagreement({
      check: 'skipped',
      where: `epoch ${epoch.toString()} in the logs`,
      found: `${result.verdicts.length} PoCs that count, and no tuple`,
      expected: 'no beacon of a registered hotspot',
    });
  return 'empty: no beacon of a registered hotspot in the logs; skipped, nothing was paid for it';
}

async function policyOf({
  network,
  epoch,
  source,
  place,
}: Skipped): Promise<{ readonly policy: Policy; readonly denyFile: Uint8Array | null }> {
  const wanted = policyAt(network, epoch).hash;
  const policy = openPolicy(await requireFile(source, epochPath(place.before.epoch, FILES.policy)));
  if (policyHash(policy) !== wanted)
    throw new CannotCheck('policy_unavailable', `no folder at hand holds the policy ${wanted}`);
  const deny = epochPath(place.before.epoch, FILES.deny);
  return { policy, denyFile: policy.deny === null ? null : await requireFile(source, deny) };
}

async function stateAfter({ source, place }: Skipped): Promise<EpochState> {
  const after: Tuple | null = place.after;
  if (after === null) return emptyState();
  const path = epochPath(after.epoch, FILES.state);
  const bytes = await requireFile(source, path);
  const found = stateHash(bytes);
  if (found !== after.stateHash)
    throw new Disagreement({ check: 'state', where: `${path}: hash`, found, expected: after.stateHash });
  return openState(bytes);
}

async function cutsOf(input: Skipped, policy: Policy): Promise<readonly SealedEvidence[]> {
  const { network, epoch, source, verify } = input;
  const cuts: SealedEvidence[] = [];
  for (const log of policy.logs) {
    const copies = await openLogCopies({ log, from: source.location, verify });
    const newest = copies.reduce((a, b) => (b.tree.size > a.tree.size ? b : a));
    const bounds = epochBounds(network, epoch);
    const cut = await proven(`${newest.location}: ${log.origin}`, () =>
      readCut(newest.tree, { origin: log.origin, epoch, bounds, windows: policy.windows }),
    );
    if (cut === null)
      throw new CannotCheck('evidence_late', `${newest.location} has no epoch_close ${epoch.toString()}`);
    input.onFinding(await checkCut(cut, copies));
    cuts.push(cut);
  }
  return cuts;
}

async function requireFile(source: PublicFiles, path: string): Promise<Uint8Array> {
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  return bytes;
}
