import type { Sha256Hex } from '../../crypto/sha256-hex.ts';
import type { Hash } from '../../units.ts';
import type { PocVerdict, ReportVerdict, VerifySignature } from '../../verify/poc.ts';
import { reportId } from '../../wire/report.ts';
import type { EpochVerdicts } from './verdicts-file.ts';

/** A verifier for whoever has no time for every signature, and what it did so far. */
export interface BelievingVerifier {
  readonly verify: VerifySignature;
  readonly verified: number;
  /** Signatures that were taken as good because a published verdict says so. */
  readonly believed: number;
}

/**
 * Verifies the signatures of chosen PoCs, of reports that belong to no PoC and of all that a verdict calls bad; the others
 * it believes. With it `computeEpoch` applies every rule to every report all the same, and gives the published result
 * unless one of the believed signatures is bad.
 */
export function believeVerdicts(input: {
  readonly published: EpochVerdicts;
  readonly isChosen: (poc: PocVerdict) => boolean;
  readonly verify: VerifySignature;
  readonly sha256Hex?: Sha256Hex;
}): BelievingVerifier {
  const { published, isChosen, verify, sha256Hex } = input;
  const believable = new Set<Hash>();
  for (const poc of published.verdicts)
    if (poc.beacon !== null && !isChosen(poc))
      for (const { reportId: id } of reportsOf(poc)) believable.add(id);
  // One id may stand for a well-signed copy and badly signed ones.
  for (const { reason, reportId: id } of [...published.verdicts.flatMap(reportsOf), ...published.badlySigned])
    if (reason === 'bad_signature') believable.delete(id);
  const counts = { verified: 0, believed: 0 };
  const isBelieved = (signedBytes: Uint8Array): boolean =>
    signedBytes.length <= MOST_BYTES &&
    (believable.has(reportId({ kind: 'witness', signedBytes }, sha256Hex)) ||
      believable.has(reportId({ kind: 'beacon', signedBytes }, sha256Hex)));
  return {
    verify: (signed) => {
      const believed = isBelieved(signed.message);
      counts[believed ? 'believed' : 'verified'] += 1;
      return believed || verify(signed);
    },
    get verified() {
      return counts.verified;
    },
    get believed() {
      return counts.believed;
    },
  };
}

/** The longest signed bytes that a report has. */
const MOST_BYTES = 512;

function reportsOf({ beacon, witnesses, others }: PocVerdict): readonly ReportVerdict[] {
  return [...(beacon === null ? [] : [beacon]), ...witnesses, ...others];
}
