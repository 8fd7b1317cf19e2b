import type { FinalizedEpoch } from '#client';
import type { EpochFolder } from '#protocol/settle/folder';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import { Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';
import type { VoteHistory } from './vote-history.ts';

/** The oracles' pool is shared by those who voted for the parent epoch; the node's history tells who they were. */
export async function checkVoters(
  { parent, registry }: Pick<EpochFolder, 'parent' | 'registry'>,
  history: VoteHistory,
): Promise<readonly Finding[]> {
  const check = 'voters';
  const voters = parent === null ? [] : (await history.votesOn(tupleHash(parent))).voters;
  if (voters === null)
    return [{ kind: 'not_checked', check, says: 'the node no longer has the transaction that records them' }];
  const [found, expected] = [registry.voters, voters].map((keys) => [...keys].sort().join(' '));
  if (found !== expected)
    throw new Disagreement({
      check,
      where: 'registry.bin: voters',
      found: found ?? '',
      expected: expected ?? '',
    });
  return [{ kind: 'agrees', check, says: `${registry.voters.length} oracles voted for the parent epoch` }];
}

/**
 * Each voter that the chain names for an epoch signed a transaction that attests exactly this tuple: the signature is
 * verified here, so that an RPC cannot make one up.
 */
export async function checkAttestations(input: {
  readonly tuple: Tuple;
  /** The Network account names the voters of the latest epoch itself. */
  readonly latest: FinalizedEpoch;
  readonly history: VoteHistory;
}): Promise<readonly Finding[]> {
  const check = 'attestations';
  const hash: Hash = tupleHash(input.tuple);
  const found = await input.history.votesOn(hash);
  const { latest } = input;
  const voters = latest.tupleHash === hash ? latest.voters.map((key) => key.toBase58()) : found.voters;
  if (voters === null)
    return [
      { kind: 'not_checked', check, says: 'the node no longer has the transaction that made it final' },
    ];
  const signed = voters.filter((voter) => [...found.signed].some((oracle) => oracle === voter));
  const missing = voters.filter((voter) => !signed.includes(voter));
  const findings: Finding[] = [];
  if (signed.length > 0)
    findings.push({
      kind: 'agrees',
      check,
      says: `${signed.length} of the ${voters.length} voters signed for ${hash}`,
    });
  if (missing.length > 0)
    findings.push({
      kind: 'not_checked',
      check,
      says: `the node has no transaction by which ${missing.join(', ')} attested it`,
    });
  return findings;
}
