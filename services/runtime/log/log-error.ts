/** Why the log does not take, or does not start; each sentence says what to do. */
export const LOG_ERRORS = {
  log_unavailable:
    'The log cannot be written right now (disk full, no permission, a foreign file in the way); free the path, then send again.',
  log_busy: 'More reports wait for the disk than the log keeps in memory; send again later.',
  log_closed: 'The log is closing; send again to the process that takes over.',
  log_failed: 'An fsync failed, so this process cannot tell what is on disk; it must end and start anew.',
  log_locked: 'Another process writes this log; stop it first: one log has one writer.',
  checkpoint_mismatch:
    'The published checkpoint is not a prefix of the journal or not signed by this key; restore the journal and the key that belong to it.',
} as const;

export type LogErrorCode = keyof typeof LOG_ERRORS;

const RETRYABLE: readonly LogErrorCode[] = ['log_unavailable', 'log_busy', 'log_closed'];

/** A refusal of the log; nothing that it refused was receipted. */
export class LogError extends Error {
  readonly code: LogErrorCode;
  /** Whether the same report may be sent again later. */
  readonly retryable: boolean;
  readonly context: Readonly<Record<string, string | number>>;

  constructor(
    code: LogErrorCode,
    context: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    const values = Object.entries(context).map(([name, value]) => `${name}=${value}`);
    super([LOG_ERRORS[code], ...values].join(' '), options);
    this.name = 'LogError';
    this.code = code;
    this.retryable = RETRYABLE.includes(code);
    this.context = context;
  }
}

/** Runs file-system work of which a failure leaves the log as it was, to be tried again. */
export async function retryably<Value>(path: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof LogError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new LogError('log_unavailable', { path, cause }, { cause: error });
  }
}

/** Runs an fsync. After a failed one the kernel may have dropped the pages: it is never tried again. */
export async function synced(path: string, sync: () => Promise<void>): Promise<void> {
  try {
    await sync();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new LogError('log_failed', { path, cause }, { cause: error });
  }
}
