/** Every refusal of the client, append-only, each with a sentence that says what is wrong and what to do. */
export const CLIENT_ERRORS = {
  account_missing:
    'The account does not exist at the node asked; check the address, the cluster and the commitment.',
  malformed_account:
    'The bytes are not an account of the program in a version that this client knows; update it.',
  invalid_argument: 'An argument is outside of what the program can take; the context names it.',
  unverifiable_signature:
    'The signature does not verify under the key; have the hotspot sign the message again.',
  program_differs:
    'Another program than the given one is deployed at the address; upgrade it or use another cluster.',
  deploy_incomplete: 'The program could not be written completely; run the deployment again.',
  transaction_failed: 'The transaction was refused; the program error and the logs say why.',
  transaction_unconfirmed: 'The transaction did not land in time; it is safe to send it again.',
} as const;

export type ClientErrorCode = keyof typeof CLIENT_ERRORS;
export type ClientErrorContext = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** A refusal by the client: stable code, the values concerned, and what to do (the table above). */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly context: ClientErrorContext;

  constructor(code: ClientErrorCode, context: ClientErrorContext = {}, options?: ErrorOptions) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);
    super([CLIENT_ERRORS[code], ...values].join(' '), options);
    this.name = 'ClientError';
    this.code = code;
    this.context = context;
  }
}
