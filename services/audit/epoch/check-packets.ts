import type { ComputedEpoch } from '#protocol/epoch';
import type { EpochFolder } from '#protocol/settle/folder';
import { Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';

/** What of the packets' verdicts was judged again, and what was believed for want of disclosures. */
export function packetFindings({ packets }: ComputedEpoch): readonly Finding[] {
  const believed = packets.filter((packet) => packet.believed).length;
  const counted = packets.filter(({ reason }) => reason === null).length;
  const check = 'packets';
  const says = `${counted} of ${packets.length} packets count; ${packets.length - believed} of them judged again, balances and copies with all`;
  if (believed === 0) return [{ kind: 'agrees', check, says }];
  const why = `${believed} packets: their disclosures are not at hand (--disclosures), so that what these would show is believed as packets.bin says`;
  return [
    { kind: 'agrees', check, says },
    { kind: 'not_checked', check, says: why },
  ];
}

/** What an owner used can only grow: the ledger on chain lets nobody withdraw it. */
export function checkSettledCredits(folder: EpochFolder): readonly Finding[] {
  const { settledCredits } = folder.stateBefore;
  const leaves = new Map(folder.credits.map(({ owner, settled }) => [owner, settled]));
  for (const [owner, before] of settledCredits) {
    const now = leaves.get(owner) ?? 0n;
    if (now < before)
      throw new Disagreement({
        check: 'credits',
        where: `credits.bin: ${owner} fell`,
        found: now.toString(),
        expected: `at least ${before.toString()}`,
      });
  }
  const says = `${leaves.size} owners, none of ${settledCredits.size} settled totals fell, root ${folder.tuple.creditsRoot}`;
  return [{ kind: 'agrees', check: 'credits', says }];
}
