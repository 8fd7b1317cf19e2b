import { CommanderError } from 'commander';
import { ClientError } from '#client';
import { ProtocolError } from '#protocol/errors';
import { CliError, type CliErrorCode } from './cli-error.ts';

/** 0 done, 1 refused: what was given was understood and does not hold; 2 could not be done. */
export type ExitCode = 0 | 1 | 2;

/** A refusal that leaves a question without an answer, so that it counts as not done. */
export class Unanswered extends Error {
  constructor(cause: ProtocolError | CliError) {
    super(cause.message, { cause });
  }
}

/** What was never looked at, because it is not there or was not named. */
const NOT_DONE: ReadonlySet<CliErrorCode> = new Set<CliErrorCode>([
  'no_such_file',
  'is_a_folder',
  'unreadable_file',
  'incomplete_arguments',
  'not_integrated',
  'conviction_unwritten',
  'output_failed',
  'no_final_epoch',
  'router_unreachable',
]);

export function exitCodeOf(error: unknown): ExitCode {
  // The parser ends by throwing after it printed help or version, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) return NOT_DONE.has(error.code) ? 2 : 1;
  if (error instanceof ClientError) return error.code === 'transaction_failed' ? 1 : 2;
  return error instanceof ProtocolError ? 1 : 2;
}
