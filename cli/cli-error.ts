/** Refusals of the commands themselves, append-only, each with a sentence that says what is wrong and what to do. */
export const CLI_ERRORS = {
  no_such_file: 'There is no such file; check the path.',
  is_a_folder: 'This is a folder; name a file in it.',
  unreadable_file: 'The file cannot be read; check its path and who may read it.',
  empty_file: 'The file is empty; write it again.',
  byte_order_mark: 'The file begins with a byte order mark; save it as UTF-8 without one.',
  not_text: 'The file is not UTF-8 text; check that it is the right one, and save it as UTF-8.',
  malformed_json: 'The file is not JSON; correct it where the problem says.',
  repeated_name:
    'An object of the file has a name twice, and only one of the values could count; remove one.',
  open_secret: 'The key file can be read by others; make its mode 0600 (chmod 600).',
  malformed_keeper_key: 'The file is no keeper\'s key; make one by "coverant deny keygen".',
  malformed_keypair: 'The file is no Solana key file, a JSON array of 64 bytes; name the right one.',
  key_stands: 'There is a file of this name, and the key in it stays as it is; choose another name.',
  output_is_input: 'The output would replace what it is made from; choose another name.',
  output_stands:
    'There is a file of this name; only the one that --list names is replaced; choose another name.',
  folder_differs:
    'The folder does not follow from its own evidence; take the epoch from another place, and tell whose it is.',
  empty_list: 'The list names no key; write one key a line.',
  too_many_keys: 'The list names more keys than one root can stand for; make several lists.',
  not_listed: 'The key is not on the list; check the list, or add the key and publish the new root.',
  incomplete_arguments: 'Something that the command needs was not named; name it.',
  promise_broken:
    'The log broke its promise: its own signatures convict it. Show them to the oracles and to everybody else.',
  not_integrated: "The entry is not under the log's newest checkpoint; ask again after the promised time.",
  no_report: 'The public files have no such report; those of the last seconds are not public yet.',
  conviction_unwritten:
    'The conviction could not be written; name a new file in a folder that you may write to.',
  not_final: 'The chain does not hold the epoch as final yet; keep its evidence until it does.',
  no_final_epoch: 'No epoch of the network is final yet; wait until one is.',
  output_failed: 'Standard output could not be written; check the disk or what reads it.',
  invalid_oracle_set:
    'The keys are no oracle set with this threshold; name 1 to 16 different keys and more than half of them, at most all.',
  malformed_registration:
    'The file is not what "helium_gateway add" prints; run it again and hand over its whole output.',
  wrong_owner:
    'The hotspot signed for another owner than the key file\'s; run "helium_gateway add" with --owner as expected.',
  wrong_payer:
    'The hotspot signed for another network; run "helium_gateway add" with --payer and the address as expected.',
  wrong_key_network: "The hotspot's key is of another key network than this network's hotspots.",
  unsigned_registration:
    'The hotspot\'s signature does not verify; run "helium_gateway add" again on the hotspot itself.',
  no_credits_leaf:
    "The epoch proves nothing of the owner's credits; settle when an epoch is final in which they were in force.",
  malformed_route_file: 'The file is no route (docs/routing.md); correct the field that is named.',
  router_refused: 'The router refuses this, and why stands behind its code; correct it, then send it again.',
  router_unreachable: 'The router did not take this now; check its address, and send it again later.',
} as const;

export type CliErrorCode = keyof typeof CLI_ERRORS;
type CliErrorContext = Readonly<Record<string, string | number | bigint>>;

/** What stops a command before anything outside was asked for it: stable code, the values concerned, and what to do. */
export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly context: CliErrorContext;

  constructor(code: CliErrorCode, context: CliErrorContext = {}, options?: ErrorOptions) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);
    super([CLI_ERRORS[code], ...values].join(' '), options);
    this.name = 'CliError';
    this.code = code;
    this.context = context;
  }
}
