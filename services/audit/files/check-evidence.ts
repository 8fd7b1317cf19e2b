import type { SealedEvidence } from '#protocol/evidence/cut';
import { equalBytes } from '#protocol/evidence/merkle';
import { decodeRecord, entryReceivedAt } from '#protocol/evidence/record';
import { ProtocolError } from '#protocol/errors';
import { toHex } from '#protocol/wire/hex';
import type { EpochFolder } from '#protocol/settle/folder';
import { CannotCheck, damagedCopy, Disagreement, findingOf } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';
import type { LogCopies, LogCopy, LogLibrary } from './log-copies.ts';

/** Each log's part of the epoch is complete at both ends and stands in the log that its key signed. */
export async function checkEvidence(input: {
  readonly folder: Pick<EpochFolder, 'evidence' | 'policy' | 'facts'>;
  readonly logs: LogLibrary;
}): Promise<readonly Finding[]> {
  const { folder, logs } = input;
  const findings: Finding[] = [];
  for (const sealed of folder.evidence) {
    const log = folder.policy.logs.find(({ origin }) => origin === sealed.origin);
    if (log === undefined || sealed.size === 0) {
      findings.push({ kind: 'not_checked', check: 'evidence', says: `${sealed.origin} entered with size 0` });
      continue;
    }
    try {
      checkExtent(sealed, folder);
      findings.push(...(await checkCut(sealed, await logs.open(log))));
    } catch (error) {
      findings.push(findingOf('evidence', error));
    }
  }
  return findings;
}

/** Every copy must be one and the same log, and the epoch's cut must be a prefix of it. */
export async function checkCut(sealed: SealedEvidence, { copies, refused }: LogCopies): Promise<Finding[]> {
  const findings: Finding[] = [...refused];
  const places: string[] = [];
  const good: LogCopy[] = [];
  for (const copy of copies)
    try {
      if (!(await holdsCut(sealed, copy))) continue;
      for (const other of good) await requireOneLog(other, copy);
      good.push(copy);
      places.push(copy.location);
    } catch (error) {
      findings.push(findingOf('evidence', error));
    }
  if (places.length > 0)
    return [
      {
        kind: 'agrees',
        check: 'evidence',
        says: `${sealed.origin}: entries [${sealed.from}, ${sealed.size}) under signed checkpoints of ${places.join(' and ')}`,
      },
      ...findings,
    ];
  if (findings.length === 0)
    throw new CannotCheck(
      'evidence_late',
      `no copy of the log ${sealed.origin} reaches the cut at ${sealed.size}`,
    );
  return findings;
}

/** False for a mirror that does not reach the cut yet: the log itself must, because oracles took the cut from it. */
async function holdsCut(sealed: SealedEvidence, { location, own, tree }: LogCopy): Promise<boolean> {
  const where = `${location}: ${sealed.origin} at size ${sealed.size}`;
  if (tree.size < sealed.size) {
    if (!own) return false;
    throw new CannotCheck(
      'checkpoint_behind',
      `${location}/checkpoint: size ${tree.size}, attested ${sealed.size}`,
    );
  }
  const root = await proven(where, () => tree.rootAt(sealed.size));
  if (!equalBytes(root, sealed.root))
    throw new Disagreement({ check: 'evidence', where, found: toHex(sealed.root), expected: toHex(root) });
  return true;
}

/** Nothing is left out at either end: the range begins before the first witness that could count, and ends at the cut. */
function checkExtent(sealed: SealedEvidence, { facts, policy }: Pick<EpochFolder, 'facts' | 'policy'>): void {
  const [first, last] = [sealed.entries[0], sealed.entries.at(-1)];
  const bound = facts.start * 1000 - policy.windows.identity_ms;
  // Where it begins is the folder's choice, not part of what oracles attest.
  if (sealed.from > 0 && (first === undefined || entryReceivedAt(first) >= bound))
    throw new CannotCheck(
      'damaged_copy',
      `the entries of ${sealed.origin} begin at ${first === undefined ? 'nothing' : entryReceivedAt(first)}, expected before ${bound}`,
    );
  const body = last === undefined ? null : decodeRecord(last).body;
  const found = body === null ? 'nothing' : body.kind === 'epoch_close' ? body.epoch.toString() : body.kind;
  if (found !== facts.epoch.toString())
    throw new Disagreement({
      check: 'evidence',
      where: `the entries of ${sealed.origin} end with the epoch_close of`,
      found,
      expected: facts.epoch.toString(),
    });
}

/** Two checkpoints of one origin that do not fit convict the log. */
async function requireOneLog(a: LogCopy, b: LogCopy): Promise<void> {
  const [older, newer] = a.tree.size <= b.tree.size ? [a, b] : [b, a];
  const where = `${newer.location} does not extend ${older.location} at size ${older.tree.size}`;
  const root = await proven(where, () => newer.tree.rootAt(older.tree.size));
  if (!equalBytes(root, older.tree.root))
    throw new Disagreement({
      check: 'evidence',
      where,
      found: toHex(root),
      expected: toHex(older.tree.root),
    });
}

/** Files that do not lead to their own signed root are a damaged copy of it. */
export async function proven<Value>(where: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProtocolError) throw damagedCopy(where, error);
    throw error;
  }
}
