import { fileOf, FILES, type FolderFiles } from '#protocol/settle/folder';
import { believeVerdicts } from '#protocol/settle/folder/believed-signatures';
import { openVerdicts } from '#protocol/settle/folder/verdicts-file';
import type { Hash } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { nativeSha256Hex } from '#services/runtime/evidence/native-hash';
import type { Finding } from '#services/audit/report/report';
import { chooseBeacons } from './choose-beacons.ts';
import { FRAUD_SHARES, missProbability } from './miss-probability.ts';

/** How many beacons of an epoch have their signatures verified, and by which seed they are chosen. */
export interface SampleOption {
  readonly beacons: number;
  readonly seed: string;
}

/** What a sample saw of an epoch, and the probability that it misses all of a given share of bad beacons. */
export interface SampleFigures {
  readonly beacons: number;
  readonly of: number;
  readonly verified: number;
  readonly believed: number;
  readonly missed: Readonly<Record<string, number>>;
}

/** A verifier for the chosen beacons, and what it did once the epoch is computed. */
export function sampleOf(
  files: FolderFiles,
  of: { readonly option: SampleOption; readonly tupleHash: Hash; readonly verify: VerifySignature },
): { readonly verify: VerifySignature; readonly figures: () => SampleFigures } {
  const published = openVerdicts(fileOf(files, FILES.verdicts));
  const { chosen, of: total } = chooseBeacons({ ...published, ...of.option, tupleHash: of.tupleHash });
  const believing = believeVerdicts({
    published,
    isChosen: ({ beacon }) => beacon !== null && chosen.has(beacon.reportId),
    verify: of.verify,
    sha256Hex: nativeSha256Hex,
  });
  const missed = FRAUD_SHARES.map((share) => [
    String(share),
    missProbability({ total, drawn: chosen.size, share }),
  ]);
  return {
    verify: believing.verify,
    figures: () => ({
      beacons: chosen.size,
      of: total,
      verified: believing.verified,
      believed: believing.believed,
      missed: Object.fromEntries(missed) as Readonly<Record<string, number>>,
    }),
  };
}

export function sampleFinding(figures: SampleFigures, seed: string): Finding {
  const missed = Object.entries(figures.missed).map(
    ([share, probability]) =>
      `${percent(Number(share))} of beacons with a forged report: ${percent(probability)}`,
  );
  return {
    kind: 'agrees',
    check: 'sample',
    says:
      `${figures.beacons} of ${figures.of} beacons by seed ${seed}: ${figures.verified} signatures verified, ` +
      `${figures.believed} believed, every other rule applied to all; probability that this misses ${missed.join(', ')}`,
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
