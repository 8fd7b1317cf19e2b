/** What can be wrong with a journal on disk; each sentence says what to do. */
export const JOURNAL_ERRORS = {
  journal_damaged:
    'The journal holds bytes that its writer never left there; restore the file from a copy, do not cut it: receipts stand for what follows.',
  journal_incomplete: 'The journal lacks entries that were durable; restore the missing files from a copy.',
  journal_foreign: 'The journal belongs to another log; check DATA_DIR and the ingest name.',
} as const;

export type JournalErrorCode = keyof typeof JOURNAL_ERRORS;

/** A journal that must not be continued or read as it is; names file and offset. */
export class JournalError extends Error {
  readonly code: JournalErrorCode;
  readonly context: Readonly<Record<string, string | number>>;

  constructor(code: JournalErrorCode, context: Readonly<Record<string, string | number>>) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${value}`);
    super([JOURNAL_ERRORS[code], ...values].join(' '));
    this.name = 'JournalError';
    this.code = code;
    this.context = context;
  }
}
