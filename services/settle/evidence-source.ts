import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { decodeRecord } from '#protocol/evidence/record';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import { openEpochEvidence } from '#protocol/settle/epoch/open-evidence';
import type { EpochNumber } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { openReport } from '#protocol/wire/report';
import type { EpochBounds } from '#services/runtime/chain-epoch';
import { readCut } from '#services/runtime/evidence-cut';
import { openCosignedReader, type CosignedReader } from '#services/runtime/evidence/cosigned-reader';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import type { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { vouchings } from '#services/runtime/evidence/vouching';
import { logId } from '#services/runtime/log-origin';
import { mirrorPath, mirrorPlace } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { replaceFile } from '#services/runtime/replace-file';
import { within } from '#services/runtime/within';
import { openLogMirror, type LogMirror } from './log-mirror.ts';

/** Entries in memory at a time while a log is taken over. */
const PAGE = 1024;

type Log = Policy['logs'][number];

/** What this oracle holds of one log for an epoch. */
export interface LogCut {
  readonly origin: string;
  /** null where there is no cut that the policy's witnesses vouch for. */
  readonly sealed: SealedEvidence | null;
  /** What is missing then. */
  readonly lacks: string | null;
  /** Why a cut that is there must not count; to be thrown where it is waited for. */
  readonly refusal?: Outage;
}

/** The public evidence of a policy's logs, mirrored and verified by this oracle. */
export interface EvidenceSource {
  /**
   * Fetches what the logs have published since, from their servers or also from peers (`everywhere`); every entry is
   * verified before it is used. A log that fails is passed over.
   */
  sync(logs: Policy['logs'], options?: { readonly everywhere?: boolean }): Promise<void>;
  /** One per log, in the policy's order. */
  cuts(input: CutInput): Promise<readonly LogCut[]>;
  /** Origins of those that are known to have forked. */
  forked(logs: Policy['logs']): Promise<readonly string[]>;
}

export interface CutInput {
  readonly policy: Policy;
  readonly epoch: EpochNumber;
  readonly bounds: EpochBounds;
  /** What k oracles have made final is read as it stands. */
  readonly isFinal: boolean;
}

/** How long one log may take to give what it has published since. */
const SYNC_MS = 60_000;

export function openEvidenceSource(options: {
  /** The oracle's folder. */
  readonly folder: string;
  /** Bases of other oracles' public files, with their mirrors of the evidence. */
  readonly peers: readonly string[];
  readonly verify: VerifySignature;
  /** Looks at what a log has gained, before its epoch ends. */
  readonly ahead: (origin: string, tree: VerifiedTree, gained: number) => Promise<void>;
  readonly logger: Logger;
}): EvidenceSource {
  const { folder, peers, verify, logger } = options;
  const mirrors = new Map<string, Promise<LogMirror>>();
  /** Where each log is served: a policy may move it. */
  const urls = new Map<string, string>();
  /** Syncs under way: one that takes long goes on while others are not kept waiting. */
  const running = new Map<string, Promise<void>>();
  const readers = new Map<string, CosignedReader>();
  /** Why the latest sync of a log failed. */
  const failing = new Map<string, string>();
  const kept = new Map<string, number>();
  /** The cut that was read last of each log: it stays as it is while others are waited for, turn after turn. */
  const held = new Map<string, { readonly epoch: EpochNumber; readonly sealed: SealedEvidence }>();

  function mirrorOf(log: Log): Promise<LogMirror> {
    const id = logId(log);
    urls.set(id, log.url);
    const held = mirrors.get(id);
    if (held !== undefined) return held;
    const path = mirrorPath(log.origin);
    const elsewhere = peers.map((peer) => mirrorPlace(peer, log.origin));
    const places = (): readonly string[] => [urls.get(id) ?? log.url, ...elsewhere];
    const opened = openLogMirror({ log, places, folder: join(folder, path), verify, logger });
    mirrors.set(id, opened);
    opened.catch(() => mirrors.delete(id));
    return opened;
  }

  function readerOf(log: Log, witness: Policy['log_witnesses']['keys'][number]): CosignedReader {
    const id = `${logId(log)} ${witness.vkey}`;
    const held = readers.get(id) ?? openCosignedReader({ log, witness, verify, kept: mirrorFile });
    readers.set(id, held);
    return held;
  }

  /** Whoever reads our mirror of the evidence finds there what the witnesses said of it. */
  async function mirrorFile(file: { readonly path: string; readonly bytes: Uint8Array }): Promise<void> {
    const digest = createHash('sha256').update(file.bytes).digest().readUInt32LE();
    if (kept.get(file.path) === digest) return;
    await replaceFile(join(folder, file.path), file.bytes);
    kept.set(file.path, digest);
  }

  async function syncLog(log: Log, from: { readonly everywhere?: boolean } = {}): Promise<void> {
    try {
      const mirror = await mirrorOf(log);
      const gained = await mirror.sync(from);
      if (mirror.tree !== null && gained > 0) {
        await verifyEarly(mirror.tree, gained, verify);
        await options.ahead(log.origin, mirror.tree, gained);
      }
      failing.delete(log.origin);
    } catch (error) {
      if (!(error instanceof Outage || error instanceof ProtocolError)) throw error;
      if (failing.get(log.origin) !== error.message)
        logger.warn({ error, origin: log.origin }, 'a log cannot be read further');
      failing.set(log.origin, error.message);
    }
  }

  /** As syncLog, for no longer than `ms`: a log that is slow, or endless, is late, and no other one with it. */
  async function syncFor(ms: number, log: Log, from?: { readonly everywhere?: boolean }): Promise<void> {
    const id = logId(log);
    const under = running.get(id) ?? syncLog(log, from).finally(() => running.delete(id));
    running.set(id, under);
    await within(ms, under, undefined);
  }

  /** In the form that the rules ask for; null while the epoch_close is not published. */
  async function readCutOf(log: Log, mirror: LogMirror, of: CutInput): Promise<SealedEvidence | null> {
    const { policy, epoch, bounds } = of;
    const { tree } = mirror;
    const id = logId(log);
    const before = held.get(id);
    if (before?.epoch === epoch) return before.sealed;
    if (tree === null) return null;
    const { origin } = log;
    const sealed = await readMirror(mirror, () =>
      readCut(tree, { origin, epoch, bounds, windows: policy.windows }),
    );
    if (sealed === null) return null;
    // A log that broke its rules is found out here, and not by a computation that fails for all logs.
    const alone = { ...policy, logs: [log] };
    openEpochEvidence({
      facts: { epoch, ...bounds },
      policy: alone,
      evidence: [sealed],
      hashes: nativeHashes,
    });
    held.set(id, { epoch, sealed });
    return sealed;
  }

  async function cutOf(log: Log, of: CutInput): Promise<LogCut> {
    const { origin } = log;
    const { policy, epoch, bounds, isFinal } = of;
    const mirror = await mirrorOf(log);
    const { tree } = mirror;
    if (mirror.fork !== null && !isFinal)
      return { origin, sealed: null, lacks: `it forked (${mirror.fork})` };
    const sealed = await readCutOf(log, mirror, of);
    if (tree === null || sealed === null)
      return { origin, sealed: null, lacks: failing.get(origin) ?? 'its epoch_close is not published' };
    const { keys, quorum } = policy.log_witnesses;
    const witnesses = keys.map((witness) => ({
      reader: readerOf(log, witness),
      places: [witness.url, folder, ...peers].map(openPublicFiles),
    }));
    const said = await vouchings({ tree, sealed, policy, start: bounds.start * 1000, witnesses });
    for (const { objection } of said)
      if (objection?.kind === 'other_tree') await mirror.compare(objection.note);
    const objections = said.flatMap(({ witness, objection }) =>
      objection === null ? [] : [`${witness}: ${objection.kind}`],
    );
    const missing = quorum - (said.length - objections.length);
    const lacks = `${missing} more witnesses must vouch for it (${objections.join(', ')})`;
    if (missing <= 0) return { origin, sealed, lacks: null };
    if (!isFinal) return { origin, sealed: null, lacks };
    // k oracles have counted it: a witness that has gone since changes nothing.
    logger.warn({ origin, epoch: epoch.toString(), lacks }, 'a final cut is not vouched for any more');
    return { origin, sealed, lacks: null };
  }

  return {
    sync: async (logs, from) => {
      await Promise.all(logs.map((log) => syncFor(SYNC_MS, log, from)));
    },
    forked: async (logs) => {
      const known: string[] = [];
      for (const log of logs) if ((await mirrorOf(log)).fork !== null) known.push(log.origin);
      return known;
    },
    cuts: async (input) => {
      const cuts: LogCut[] = [];
      for (const log of input.policy.logs)
        try {
          cuts.push(await cutOf(log, input));
        } catch (error) {
          if (!(error instanceof Outage || error instanceof ProtocolError)) throw error;
          logger.warn({ error, origin: log.origin }, 'the cut of a log cannot be read');
          cuts.push({ origin: log.origin, sealed: null, lacks: error.message });
        }
      return cuts;
    },
  };
}

/** Reads from the mirror; damage that shows only now has the mirror fetched again with the next sync. */
async function readMirror<Value>(mirror: LogMirror, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (isDamage(error)) mirror.refetch();
    throw error;
  }
}

function isDamage(error: unknown): boolean {
  if (error instanceof Outage) return error.code === 'file_missing';
  return (
    error instanceof ProtocolError && (error.code === 'evidence_mismatch' || error.code === 'malformed_tile')
  );
}

/** Verifies the signatures of the newest entries from their bytes, page by page; the verifier remembers them. */
async function verifyEarly(tree: VerifiedTree, newest: number, verify: VerifySignature): Promise<void> {
  for (let at = tree.size - newest; at < tree.size; at += PAGE)
    for (const entry of await tree.entries(at, Math.min(tree.size, at + PAGE))) verifyEntry(entry, verify);
}

/** What cannot be opened is judged later. */
function verifyEntry(entry: Uint8Array, verify: VerifySignature): void {
  const { body } = decodeRecord(entry);
  if (body.kind !== 'beacon' && body.kind !== 'witness') return;
  try {
    const report = openReport(body.kind, body.report);
    if (body.session === null)
      verify({ key: report.key, message: report.signedBytes, signature: report.signature });
  } catch {
    // Its verdict comes with the epoch.
  }
}
