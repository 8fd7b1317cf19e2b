import { OUTAGES } from '#services/runtime/outage';

/** Every check by the name under which findings stand, with what it compares. docs/audit.md lists them. */
export const CHECKS = {
  cluster: "The RPC is of the cluster whose genesis hash the network's file, or --genesis, names.",
  chain: 'The RPC has the program and the network account, and its clock is past the epoch.',
  tuple: 'The tuple has the hash that its child names, down from the newest one on chain.',
  folder:
    'The manifest names every file with its SHA-256, and every file decodes in a version that is known.',
  inputs: 'Evidence, registry, policy, deny list, parent and state before are those that the tuple names.',
  recomputed:
    'Every signature, verdict, share, pending amount, leaf, total and state, computed again from the inputs.',
  packets:
    'Each packet counts, or does not, for the reason that is published; what its signature is, only by its disclosure.',
  sample: 'How many beacons had their signatures verified, and what share of fraud that can miss.',
  state: 'The state before the epoch is the one that was computed for the final epoch before it.',
  leaf: 'No cumulative total is below that of the final epoch before.',
  credits:
    'Settled totals are those of the credits root, none is below that of the final epoch before, and no account is above it.',
  policy: 'The policy has the hash that the chain pins.',
  evidence: "Each log's part is a prefix of the log that its key signed, complete at both ends.",
  witnesses:
    "Enough of the policy's witnesses cosigned each log in time, without gaps, and their checkpoints bound its stamps.",
  session:
    'Reports by session keys name a session_init of their hotspot in the same log, before them and at most 31 minutes older.',
  entropy:
    'Each entropy is the BLAKE3 of its time and blockhash, its slot has that blockhash, and a time close to it.',
  registry: 'The registry is what the accounts hold for that epoch.',
  voters: 'The voters who share the pool are those with whom the parent epoch became final.',
  attestations: 'Each voter of the epoch signed a transaction that attests exactly this tuple.',
  skipped: 'An epoch without a tuple is empty by the logs.',
  claims:
    'Nobody claimed above the latest leaf, accounts sum to the ledger, and supply is claims less burns.',
  bonds: 'The vault holds every bond and what was asked back.',
} as const;

export type CheckName = keyof typeof CHECKS;

/** Why something could not be checked, besides what is away; each sentence says what to do. */
const REFUSALS = {
  not_final: 'The epoch is not final; wait until it is.',
  foreign_copy: 'A file is of another network, epoch or log; check where it was copied from.',
  damaged_copy:
    'A file is not the one that the chain or a signed checkpoint names: cut, changed or swapped. Ask another mirror.',
  unknown_version: 'A file has a format version that this program does not know; update it.',
  wrong_log_key: "A checkpoint is not signed by the log's key; check where it was copied from.",
  checkpoint_behind:
    'A signed checkpoint is older than the cut that oracles attested, or went back; ask another mirror.',
  malformed_argument: 'An argument cannot be used; the text says which.',
  failed: 'The audit itself failed; report it with the text.',
} as const;

export const CANNOT_CHECK = { ...OUTAGES, ...REFUSALS } as const;

export type CannotCheckCode = keyof typeof CANNOT_CHECK;
