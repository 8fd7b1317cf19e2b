/** What outside this process failed, or contradicts itself; each sentence says what to do. */
export const OUTAGES = {
  chain_unreachable: 'The RPC did not answer; check its URL and that it runs.',
  chain_unreadable:
    'The RPC answered without the account that was asked for; check the network and the cluster.',
  cluster_differs:
    'The RPC is of another cluster than the network (genesis hash); set its URL to one of the cluster that network.json names.',
  program_missing:
    'The RPC has no program at this address; check the address and the cluster, or deploy the program.',
  network_missing: 'The RPC has no network at this address; check network.json and the cluster.',
  rpc_differs:
    'Two RPCs say different things of one account, so that one of them is wrong; find out which, and take it out of the configuration.',
  chain_behind: 'The chain has not reached the needed time yet; wait.',
  files_unreachable: 'The public files could not be read; check the URL or the folder.',
  file_missing: 'A file that should be public is not there; check the URL or the folder.',
  file_too_large: 'A public file is larger than this reader accepts.',
  evidence_late:
    "A log has not published a cut of the epoch that the policy's witnesses vouch for; wait, or look at the log.",
  disclosures_late:
    'Neither a router nor a peer has given all disclosures of the epoch; wait, or look at the router and at PEER_URLS.',
  evidence_unavailable:
    'Nowhere are the cuts at hand that a final epoch was computed on; name other oracles (PEER_URLS) or a mirror (ADOPT_FROM).',
  entropy_differs:
    'A log holds an entropy that the chain contradicts, so that no evidence of this epoch is attested; compare the block with another RPC, and the log with what its operator says.',
  policy_unavailable:
    'The policy whose hash the chain holds is not in policies/<hash> of the data folder, whole and with its deny list; put it there.',
  history_unavailable:
    'The node keeps no record, or no longer all of it, of an epoch that was missed; ask one with more history, or adopt its folder from a mirror (ADOPT_FROM).',
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
