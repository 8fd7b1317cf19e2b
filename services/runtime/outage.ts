/** What outside this process failed; each sentence says what to do. Nothing here says that anybody is wrong. */
export const OUTAGES = {
  chain_unreachable: 'The RPC did not answer; check its URL and that it runs.',
  chain_unreadable:
    'The RPC answered without the account that was asked for; check the network and the cluster.',
  chain_behind: 'The chain has not reached the needed time yet; wait.',
  files_unreachable: 'The public files could not be read; check the URL or the folder.',
  file_missing: 'A file that should be public is not there; check the URL or the folder.',
  file_too_large: 'A public file is larger than this reader accepts.',
  evidence_late:
    "A log has not published a cut of the epoch that the policy's witnesses vouch for; wait, or look at the log.",
  evidence_unavailable:
    'Nowhere are the cuts at hand that a final epoch was computed on; name other oracles (PEER_URLS) or a mirror (ADOPT_FROM).',
  policy_unavailable:
    'The policy whose hash the chain holds is not in policies/<hash> of the data folder, whole and with its deny list; put it there.',
  history_unavailable:
    'The chain keeps no record of an epoch that this oracle missed; adopt its folder from a mirror (ADOPT_FROM).',
} as const;

export type OutageCode = keyof typeof OUTAGES;
type OutageContext = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** Something outside did not answer or is not there yet: retry later; nothing may be concluded from it. */
export class Outage extends Error {
  readonly code: OutageCode;
  readonly context: OutageContext;

  constructor(code: OutageCode, context: OutageContext = {}, options?: ErrorOptions) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);
    super([OUTAGES[code], ...values].join(' '), options);
    this.name = 'Outage';
    this.code = code;
    this.context = context;
  }
}
