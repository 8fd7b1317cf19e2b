import type { EpochInput } from '#protocol/epoch';
import type { Disclosures } from '#protocol/route/disclosure';
import { judgePackets } from '#protocol/settle/credits/judge-packets';
import { loggedPackets } from '#protocol/settle/credits/logged-packets';
import { openEpochEvidence } from '#protocol/settle/epoch/open-evidence';
import { nativeSha256Hex } from '#services/runtime/evidence/native-hash';
import type { Finding } from '#services/audit/report/report';
import { reasonCounts } from './packets.ts';

/**
 * What the packets of an epoch say that oracles skipped: they count only for who had their disclosures in time, so that
 * those which nothing else speaks against are the oracles' word.
 */
export function skippedPackets(
  input: EpochInput,
  disclosures: Disclosures | null,
): readonly Extract<Finding, { kind: 'agrees' | 'not_checked' }>[] {
  const { facts, verify } = input;
  const logs = openEpochEvidence(input);
  const reasons = loggedPackets({ facts, logs, verify }).map(() => 0);
  if (reasons.length === 0) return [];
  const evidence = { kind: 'published', reasons, disclosures: disclosures ?? new Map() } as const;
  const { packets } = judgePackets({ ...input, logs, evidence, sha256Hex: nativeSha256Hex });
  const open = packets.filter(({ reason }) => reason === null);
  const proven = open.filter(({ believed }) => !believed).length;
  const others = reasonCounts(packets);
  const all = `${packets.length} packets of an epoch without a tuple`;
  if (open.length === 0)
    return [{ kind: 'agrees', check: 'packets', says: `${all}, of which none counts: ${others}` }];
  return [
    {
      kind: 'not_checked',
      check: 'packets',
      says:
        `${all}, of which ${open.length} count for who has their disclosures (${proven} by those that are here): ` +
        `that oracles had none of them, or bad ones, is their word; nobody was billed`,
    },
  ];
}
