/** What stops an oracle until its operator has looked. */
export const SETTLE_ERRORS = {
  final_tuple_differs:
    'The chain made a tuple final that this oracle does not compute; find out which is wrong before it goes on.',
} as const;

export type SettleErrorCode = keyof typeof SETTLE_ERRORS;

/** A disagreement that waiting does not end. */
export class SettleError extends Error {
  readonly code: SettleErrorCode;
  readonly context: Readonly<Record<string, string | number | null>>;

  constructor(code: SettleErrorCode, context: Readonly<Record<string, string | number | null>>) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${String(value)}`);
    super([SETTLE_ERRORS[code], ...values].join(' '));
    this.name = 'SettleError';
    this.code = code;
    this.context = context;
  }
}
