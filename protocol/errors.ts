/** Every error code of the protocol, append-only, each with a sentence that says what is wrong and what to do. */
export const PROTOCOL_ERRORS = {
  malformed_key:
    'The key is not a tagged 33-byte public key or its base58check text; check how it was copied.',
  unsupported_key_type: 'Only ed25519 and P-256 (ecc_compact) hotspot keys are supported; use one of these.',
  malformed_report:
    'The report is not a protobuf message of its kind; send the bytes that the hotspot signed.',
  oversized_report: 'The report is larger than any report of its kind can be; send one report per item.',
  malformed_record: 'The evidence record cannot be decoded; the log or the file it came from is damaged.',
  malformed_entropy: 'The entropy has another version or length than the rules know.',
  malformed_cell: 'The number is not a valid H3 cell of the required resolution.',
  malformed_checkpoint: 'The text is not a checkpoint as signed-note and tlog-checkpoint define it.',
  unsigned_checkpoint: 'No known key signed the checkpoint; check the log keys in the policy.',
  invalid_signature: 'A signature by a known key does not verify; refuse the whole text.',
  malformed_tile: 'A tile or entry bundle has another size or content than its place in the tree requires.',
  proof_mismatch: 'The proof does not lead to the expected root.',
  malformed_policy: 'The policy does not fit its schema; the context names the field.',
  malformed_registry: 'The registry bytes do not fit their format; the context names the offset.',
  malformed_state: 'The state bytes do not fit their format; the context names the offset.',
  malformed_folder: 'A file of the epoch folder is missing or cannot be decoded; the context names it.',
  policy_mismatch: 'The policy differs from what the chain holds; the epoch cannot be computed under it.',
  evidence_mismatch:
    'The evidence does not have the root of its cut, or more or less than belongs to the epoch.',
  unknown_region: 'The region is not one whose channel plan is known here.',
  unsuitable_plan:
    'The channel plan leaves no power for this antenna gain, no channel or no spreading for a beacon; correct the gain.',
  amount_out_of_range: 'An amount left the range of u64.',
  state_mismatch: 'The state or its parent tuple is not the one that the chain of tuples names.',
  malformed_verifier_key:
    'The text is not a verifier key (name+hex id+base64) of an ed25519 log key; copy it whole from the policy.',
  malformed_receipt: 'The receipt has fields of another shape than a log answers; keep the whole answer.',
  malformed_deny_list: 'The deny list does not fit its format; the context names the field.',
  deny_list_mismatch:
    'The deny list is missing or is not the one that the policy names; fetch the file with this hash from its keeper or a folder.',
  unknown_hotspot:
    'The epoch has no hotspot with this key; register it, or look at an epoch that ended after its registration.',
  malformed_conviction:
    'The text is no conviction (a receipt, a checkpoint, another leaf and its proof); keep the whole file.',
  promise_kept: "The promised leaf stands at the receipt's index: this convicts nobody.",
  malformed_fork: 'The text is no fork (two checkpoints and the proof between them); keep the whole file.',
  no_fork: 'The two checkpoints are consistent, or the proof does not lead to them: this convicts nobody.',
  malformed_packet:
    'The packet is not a message of the packet router; send the bytes that the hotspot signed.',
  malformed_route: 'The route request does not fit its format; the context names the field.',
  malformed_disclosure: 'The file of disclosures is cut or damaged; fetch it again from the offset named.',
  unauthorized_read:
    'The header `Authorization: Coverant <address> <seconds> <signature>` is missing, old or not well signed; sign it anew.',
  malformed_credits:
    'The file does not hold packet reasons or credits leaves in their format; the context names the offset.',
} as const;

export type ProtocolErrorCode = keyof typeof PROTOCOL_ERRORS;
export type ErrorContext = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** A refusal at an edge of the protocol: stable code, the values concerned, and what to do (the table above). */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;
  readonly context: ErrorContext;

  constructor(code: ProtocolErrorCode, context: ErrorContext = {}) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);
    super([PROTOCOL_ERRORS[code], ...values].join(' '));
    this.name = 'ProtocolError';
    this.code = code;
    this.context = context;
  }
}
