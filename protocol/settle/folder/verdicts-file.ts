import { utf8 } from '@scure/base';
import type { ComputedEpoch } from '../../epoch.ts';
import { canonicalText } from '../bytes/canonical-json.ts';

/** One canonical JSON object per line: every PoC's verdict in the order of judgement, then badly signed reports. */
export function verdictsBytes(result: Pick<ComputedEpoch, 'verdicts' | 'badlySigned'>): Uint8Array {
  const lines = [
    ...result.verdicts.map((verdict) => canonicalText({ poc: verdict })),
    ...result.badlySigned.map((verdict) => canonicalText({ badly_signed: verdict })),
  ];
  return utf8.decode(lines.map((line) => `${line}\n`).join(''));
}
