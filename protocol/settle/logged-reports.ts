import { entropyData } from '../crypto/entropy.ts';
import { ProtocolError } from '../errors.ts';
import type { KnownRecord, OpenedEvidence } from '../evidence/cut.ts';
import { equalBytes } from '../evidence/merkle.ts';
import type { EntropyFact, LoggedReport, Position, VerifySignature } from '../verify/poc.ts';
import { comparePositions } from '../verify/position.ts';
import { openReport } from '../wire/report.ts';
import { toHex } from '../wire/hex.ts';
import { Sessions } from './signer.ts';

type EntropyBody = Extract<KnownRecord['body'], { kind: 'entropy' }>;

/** What the rules read of several logs, in the order of all of them: (received_at, origin, index). */
export interface MergedEvidence {
  readonly reports: readonly LoggedReport[];
  readonly entropies: readonly EntropyFact[];
  /** Reports whose bytes cannot be decoded: no log should hold any; they have no key that a verdict could name. */
  readonly undecodable: readonly Position[];
}

/** Merges opened logs, decodes their reports and finds out who must have signed each. */
export function mergeEvidence(logs: readonly OpenedEvidence[], verify: VerifySignature): MergedEvidence {
  const reports: LoggedReport[] = [];
  const entropies: EntropyFact[] = [];
  const undecodable: Position[] = [];
  for (const log of logs) {
    const sessions = new Sessions({ sessions: log.sessions, verify });
    for (const record of log.records) {
      const position: Position = { receivedAt: record.receivedAt, origin: log.origin, index: record.index };
      if (record.body.kind === 'entropy') {
        const entropy = loggedEntropy(record.body, position);
        if (entropy !== null) entropies.push(entropy);
      }
      if (record.body.kind !== 'beacon' && record.body.kind !== 'witness') continue;
      const report = loggedReport({ body: record.body, position, sessions });
      if (report === null) undecodable.push(position);
      else reports.push(report);
    }
  }
  reports.sort((a, b) => comparePositions(a.position, b.position));
  undecodable.sort(comparePositions);
  return { reports, entropies, undecodable };
}

/** A log's report as the grouper takes it; null where its bytes cannot be decoded. */
export function loggedReport(input: {
  readonly body: Extract<KnownRecord['body'], { kind: 'beacon' | 'witness' }>;
  readonly position: Position;
  readonly sessions: Sessions;
}): LoggedReport | null {
  const { body, position, sessions } = input;
  try {
    const report = openReport(body.kind, body.report);
    const { index, receivedAt } = position;
    const signer = sessions.signerOf({ key: report.key, index, receivedAt, session: body.session });
    return { position, report, signer };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/**
 * A log's entropy; null where it names nothing that a beacon could have used, and has no place in the state. Nor has one
 * that does not follow from its time and blockhash: another log's would be shadowed by it under a time of its choice.
 * Where no blockhash was recorded, nothing can be compared.
 */
export function loggedEntropy(
  { data, timestamp, version, blockhash }: EntropyBody,
  { receivedAt }: Pick<Position, 'receivedAt'>,
): EntropyFact | null {
  if (data.length !== 32 || version > 0xffff_ffff) return null;
  if (isRecorded(blockhash) && !equalBytes(data, entropyData({ timestamp, blockhash }))) return null;
  return { data: toHex(data), timestamp, version, receivedAt };
}

/** Replays of other networks' reports have zeros there, or nothing. */
function isRecorded(blockhash: Uint8Array): boolean {
  return blockhash.some((byte) => byte !== 0);
}
