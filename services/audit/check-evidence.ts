import { openCheckpoint } from '#protocol/evidence/checkpoint';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { equalBytes } from '#protocol/evidence/merkle';
import { decodeRecord, entryReceivedAt } from '#protocol/evidence/record';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import type { EpochFolder } from '#protocol/settle/folder';
import type { VerifySignature } from '#protocol/verify/poc';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { Outage } from '#services/runtime/outage';
import { mirrorPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { CannotCheck, Disagreement, type Finding } from './report.ts';

type Log = Policy['logs'][number];

/** Each log's part of the epoch is complete at both ends and stands in the log that its key signed. */
export async function checkEvidence(input: {
  readonly folder: EpochFolder;
  readonly source: PublicFiles;
  readonly verify: VerifySignature;
}): Promise<readonly Finding[]> {
  const { folder, source, verify } = input;
  const findings: Finding[] = [];
  for (const sealed of folder.evidence) {
    const log = folder.policy.logs.find(({ origin }) => origin === sealed.origin);
    if (log === undefined || sealed.size === 0) {
      findings.push({ kind: 'not_checked', check: 'evidence', says: `${sealed.origin} entered with size 0` });
      continue;
    }
    checkExtent(sealed, folder);
    findings.push(await checkCut(sealed, await openLogCopies({ log, from: source.location, verify })));
  }
  return findings;
}

/** A copy of a log whose checkpoint the log's own key signed. */
export interface LogCopy {
  readonly location: string;
  readonly tree: VerifiedTree;
}

/** The log's own public files and the mirror beside the epoch folders, as far as they can be read. */
export async function openLogCopies(input: {
  readonly log: Log;
  /** Base of the epoch folders. */
  readonly from: string;
  readonly verify: VerifySignature;
}): Promise<readonly LogCopy[]> {
  const { log, from, verify } = input;
  const copies: LogCopy[] = [];
  const reasons: string[] = [];
  for (const base of [log.url, `${from.replace(/\/+$/, '')}/${mirrorPath(log.origin)}`]) {
    const reader = publicLogReader({ base });
    try {
      const known = { origin: log.origin, keys: [parseVerifierKey(log.vkey)], verify };
      copies.push({
        location: base,
        tree: new VerifiedTree(reader, openCheckpoint(await reader.checkpoint(), known)),
      });
    } catch (error) {
      if (!(error instanceof Outage))
        throw refusal(error, { where: `${base}/checkpoint`, expected: 'signed by its log' });
      reasons.push(error.message);
    }
  }
  if (copies.length === 0)
    throw new CannotCheck(
      'files_unreachable',
      `no copy of the log ${log.origin} can be read: ${reasons.join('; ')}`,
    );
  return copies;
}

/** Every copy must be one and the same log, and the epoch's cut must be a prefix of it. */
export async function checkCut(sealed: SealedEvidence, copies: readonly LogCopy[]): Promise<Finding> {
  const places: string[] = [];
  const [first] = copies;
  for (const { location, tree } of copies) {
    const where = `${location}: ${sealed.origin} at size ${sealed.size}`;
    if (tree.size < sealed.size) continue;
    const root = await proven(where, () => tree.rootAt(sealed.size));
    if (!equalBytes(root, sealed.root))
      throw new Disagreement({ check: 'evidence', where, found: hex(sealed.root), expected: hex(root) });
    places.push(location);
    if (first !== undefined && first.tree !== tree) await checkFork(first, { location, tree });
  }
  if (places.length === 0)
    throw new CannotCheck(
      'evidence_late',
      `no copy of the log ${sealed.origin} reaches the cut at ${sealed.size}`,
    );
  const says = `${sealed.origin}: entries [${sealed.from}, ${sealed.size}) under signed checkpoints of ${places.join(' and ')}`;
  return { kind: 'agrees', check: 'evidence', says };
}

/** Nothing is left out at either end: the range begins before the first witness that could count, and ends at the cut. */
function checkExtent(sealed: SealedEvidence, { facts, policy }: EpochFolder): void {
  const [first, last] = [sealed.entries[0], sealed.entries.at(-1)];
  const bound = facts.start * 1000 - policy.windows.identity_ms;
  const where = `the entries of ${sealed.origin}`;
  if (sealed.from > 0 && (first === undefined || entryReceivedAt(first) >= bound))
    throw new Disagreement({
      check: 'evidence',
      where: `${where} begin at`,
      found: first === undefined ? 'nothing' : String(entryReceivedAt(first)),
      expected: `before ${bound}`,
    });
  const body = last === undefined ? null : decodeRecord(last).body;
  const found = body === null ? 'nothing' : body.kind === 'epoch_close' ? body.epoch.toString() : body.kind;
  if (found !== facts.epoch.toString())
    throw new Disagreement({
      check: 'evidence',
      where: `${where} end with the epoch_close of`,
      found,
      expected: facts.epoch.toString(),
    });
}

/** Two checkpoints of one origin that do not fit convict the log. */
async function checkFork(a: LogCopy, b: LogCopy): Promise<void> {
  const [older, newer] = a.tree.size <= b.tree.size ? [a, b] : [b, a];
  const where = `${newer.location} does not extend ${older.location} at size ${older.tree.size}`;
  const root = await proven(where, () => newer.tree.rootAt(older.tree.size));
  if (!equalBytes(root, older.tree.root))
    throw new Disagreement({ check: 'evidence', where, found: hex(root), expected: hex(older.tree.root) });
}

/** Files that do not lead to their own root are a finding, not an outage. */
export async function proven<Value>(where: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw refusal(error, { where, expected: 'proven by the signed root' });
  }
}

function refusal(error: unknown, context: { readonly where: string; readonly expected: string }): unknown {
  if (!(error instanceof ProtocolError)) return error;
  return new Disagreement({ check: 'evidence', ...context, found: error.message });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
