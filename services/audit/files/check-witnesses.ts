import type { SealedEvidence } from '#protocol/evidence/cut';
import type { EpochFolder } from '#protocol/settle/folder';
import type { VerifySignature } from '#protocol/verify/poc';
import { openCosignedReader } from '#services/runtime/evidence/cosigned-reader';
import { vouchings, type Objection, type Vouching } from '#services/runtime/evidence/vouching';
import { openPublicFiles, type PublicFiles } from '#services/runtime/public-files';
import { Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';
import type { Log, LogLibrary } from './log-copies.ts';

const check = 'witnesses';

/** Enough of the policy's witnesses saw each log grow in time, and bound the stamps of its part. */
export async function checkWitnesses(input: {
  readonly folder: Pick<EpochFolder, 'evidence' | 'policy'> & {
    readonly facts: { readonly start: number };
  };
  readonly logs: LogLibrary;
  readonly source: PublicFiles;
  readonly verify: VerifySignature;
}): Promise<readonly Finding[]> {
  const { folder, logs, source, verify } = input;
  const { policy, facts } = folder;
  const { quorum, keys } = policy.log_witnesses;
  if (quorum === 0)
    return [
      { kind: 'not_checked', check, says: 'the policy names no witnesses: stamps are bounded by nobody' },
    ];
  const findings: Finding[] = [];
  for (const sealed of folder.evidence) {
    const log = policy.logs.find(({ origin }) => origin === sealed.origin);
    if (log === undefined || sealed.size === 0) continue;
    const tree = await treeOf(logs, { log, sealed });
    if (tree === undefined) {
      findings.push({ kind: 'not_checked', check, says: `${log.origin}: no copy of it reaches the cut` });
      continue;
    }
    const witnesses = keys.map((witness) => ({
      reader: openCosignedReader({ log, witness, verify }),
      places: [openPublicFiles(witness.url), source],
    }));
    const said = await vouchings({ tree, sealed, policy, start: facts.start * 1000, witnesses });
    findings.push(findingOf(log, said, quorum));
  }
  return findings;
}

async function treeOf(logs: LogLibrary, of: { readonly log: Log; readonly sealed: SealedEvidence }) {
  const { copies } = await logs.open(of.log);
  return copies.find(({ tree }) => tree.size >= of.sealed.size)?.tree;
}

/** A witness that cannot be read might vouch: only where the others are too few without it is that a difference. */
function findingOf(log: Log, said: readonly Vouching[], quorum: number): Finding {
  const vouching = said.filter(({ objection }) => objection === null);
  const forked = said.find(({ objection }) => objection?.kind === 'other_tree');
  if (forked !== undefined)
    throw new Disagreement({
      check,
      where: `${log.origin}: what ${forked.witness} cosigned`,
      found: 'another tree that the log signed',
      expected: 'a prefix of the log',
    });
  const open = said.filter(({ objection }) => objection !== null && isOpen(objection));
  const reasons = said.flatMap(({ witness, objection }) =>
    objection === null ? [] : [`${witness}: ${reasonOf(objection)}`],
  );
  const names = vouching.map(({ witness }) => witness).join(', ');
  const counted = `${log.origin}: ${vouching.length} of ${said.length} witnesses vouch (${names}), ${quorum} must`;
  if (vouching.length >= quorum) return { kind: 'agrees', check, says: counted };
  if (vouching.length + open.length >= quorum)
    return { kind: 'not_checked', check, says: `${counted}; ${reasons.join('; ')}` };
  throw new Disagreement({
    check,
    where: `${log.origin}: ${reasons.join('; ')}`,
    found: `${vouching.length} witnesses vouch`,
    expected: `${quorum} at least`,
  });
}

function isOpen(objection: Objection): boolean {
  return objection.kind === 'unreadable' || objection.kind === 'not_reached';
}

function reasonOf(objection: Objection): string {
  if (objection.kind === 'unreadable') return `unreadable (${objection.error})`;
  const { kind, ...values } = objection;
  const shown = Object.entries(values).flatMap(([name, value]) =>
    value instanceof Uint8Array ? [] : [`${name} ${String(value)}`],
  );
  return `${kind} (${shown.join(', ')})`;
}
