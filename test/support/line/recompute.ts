import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAllCredits, readHotspots, readNetwork } from '#client';
import { computeEpoch, type ComputedEpoch } from '#protocol/epoch';
import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';
import { openPolicy } from '#protocol/settle/policy-codec';
import { creditsAt, registryAt } from '#protocol/settle/registry';
import { emptyState } from '#protocol/settle/state';
import type { Address, EpochNumber } from '#protocol/units';
import type { ReportVerdict } from '#protocol/verify/poc';
import { epochFacts } from '#services/runtime/chain-epoch';
import { finalizedNewestFirst, type FinalEpoch } from '#services/runtime/chain-history';
import { readCut } from '#services/runtime/evidence-cut';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { verifySignature } from '#services/runtime/signature';
import type { TestLine } from './test-line.ts';

export type Log = Policy['logs'][number];

/** The policy, as its hash on chain pins it for computeEpoch. */
export async function readPolicy(dataDir: string): Promise<{ readonly policy: Policy; readonly log: Log }> {
  const [hash = ''] = await readdir(join(dataDir, 'policies'));
  const policy = openPolicy(new Uint8Array(await readFile(join(dataDir, 'policies', hash, 'policy.json'))));
  const [log] = policy.logs;
  if (log === undefined) throw new Error('the policy names no log');
  return { policy, log };
}

/** The log's tree as its public files are now; nothing of it is used unverified. */
export async function openPublicLog(log: Log): Promise<VerifiedTree> {
  const reader = publicLogReader({ base: log.url });
  const known = { origin: log.origin, keys: [parseVerifierKey(log.vkey)], verify: verifySignature };
  return new VerifiedTree(reader, openCheckpoint(await reader.checkpoint(), known));
}

/** Final epochs of the chain up to the last of `wanted`, oldest first; throws while it does not show all of those. */
async function finalEpochs(line: TestLine, wanted: readonly EpochNumber[]): Promise<readonly FinalEpoch[]> {
  const { connection, network } = line;
  const { latest } = await readNetwork(connection, network);
  const found = new Map<EpochNumber, FinalEpoch>(latest === null ? [] : [[latest.epoch, latest]]);
  for await (const final of finalizedNewestFirst(connection, network)) found.set(final.epoch, final);
  for (const epoch of wanted)
    if (!found.has(epoch))
      throw new Error(`epoch ${epoch} is not among the final ones: ${[...found.keys()].join(', ')}`);
  const last = wanted.at(-1) ?? 0n;
  return [...found.values()]
    .filter(({ epoch }) => epoch <= last)
    .sort((a, b) => (a.epoch < b.epoch ? -1 : 1));
}

/** An epoch as the chain made it final, and as it is computed here. */
export interface Recomputed {
  readonly final: FinalEpoch;
  readonly result: ComputedEpoch;
}

/** Computes all final epochs up to the wanted ones, one upon the other, from the log's public files and the chain's accounts alone. */
export async function recompute(
  line: TestLine,
  wanted: readonly EpochNumber[],
): Promise<readonly Recomputed[]> {
  const { connection } = line;
  const { policy, log } = await readPolicy(line.dataDir);
  const tree = await openPublicLog(log);
  const network = await readNetwork(connection, line.network);
  const hotspots = (await readHotspots(connection, network)).value;
  const credits = (await readAllCredits(connection, line.network)).value;
  const done: Recomputed[] = [];
  for (const final of await finalEpochs(line, wanted)) {
    const { epoch } = final;
    const facts = epochFacts(network, epoch);
    const cut = await readCut(tree, { origin: log.origin, epoch, bounds: facts, windows: policy.windows });
    if (cut === null) throw new Error(`the log has not published the end of epoch ${epoch}`);
    const parent = done.at(-1);
    const result = computeEpoch({
      facts,
      parent: parent?.result.tuple ?? null,
      evidence: [cut],
      registry: {
        keyNetwork: network.keyNetwork,
        hotspots: registryAt({ hotspots, epoch, end: facts.end }),
        credits: creditsAt(credits, epoch),
        voters: parent?.final.voters.map((voter) => voter.toBase58() as Address) ?? [],
      },
      policy,
      denyFile: null,
      state: parent?.result.state ?? emptyState(),
      verify: verifySignature,
    });
    if (result.kind === 'empty')
      throw new Error(`epoch ${epoch} is final on chain, and empty by its evidence`);
    done.push({ final, result });
  }
  return done;
}

/** By index in the log: the verdicts on all reports of an epoch. */
export function verdictsOf({ verdicts, badlySigned }: ComputedEpoch): ReadonlyMap<number, ReportVerdict> {
  const all = verdicts.flatMap(({ beacon, witnesses, others }) => [
    ...(beacon === null ? [] : [beacon]),
    ...witnesses,
    ...others,
  ]);
  return new Map([...all, ...badlySigned].map((verdict) => [verdict.position.index, verdict]));
}
