import type { SealedEvidence } from '#protocol/evidence/cut';
import { openEvidence } from '#protocol/evidence/cut';
import { entryKind } from '#protocol/evidence/record';
import { loggedReport } from '#protocol/settle/logged-reports';
import { Sessions } from '#protocol/settle/signer';
import type { VerifySignature } from '#protocol/verify/poc';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import type { Finding } from '#services/audit/report/report';

/** How many reports session keys signed, and how many name a session that does not speak for them. */
export function checkSessions(
  evidence: readonly SealedEvidence[],
  verify: VerifySignature,
): readonly Finding[] {
  const total = { reports: 0, wrong: 0, sessions: 0, carried: 0 };
  for (const sealed of evidence) {
    const own = sealed.entries.filter((entry) => entryKind(entry) === 'session_init').length;
    total.sessions += own;
    total.carried += sealed.sessions.length;
    // Without a session_init nobody's session key can have signed: what names one all the same was judged badly signed.
    if (own + sealed.sessions.length === 0) continue;
    const { origin, records, sessions } = openEvidence(sealed, nativeHashes);
    const opened = new Sessions({ sessions, verify });
    for (const { index, receivedAt, body } of records) {
      if ((body.kind !== 'beacon' && body.kind !== 'witness') || body.session === null) continue;
      const report = loggedReport({ body, position: { index, origin, receivedAt }, sessions: opened });
      total.reports += 1;
      if (report?.signer === null) total.wrong += 1;
    }
  }
  const { reports, wrong, sessions, carried } = total;
  const says =
    `${reports} reports by session keys of ${sessions} session_inits in the range and ${carried} carried from before it; ` +
    `${wrong} name one that does not speak for them, which makes them badly signed`;
  return [{ kind: 'agrees', check: 'session', says }];
}
