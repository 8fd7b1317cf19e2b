import { CliError } from './cli-error.ts';
import { reportAndExit } from './exit.ts';

/** Ends the process where its output cannot be written: in one line, or silently where nobody reads it any more. */
export function endOnOutputFailure(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(2);
    reportAndExit(new CliError('output_failed', { problem: error.message }, { cause: error }));
  });
  // Nothing is left to say it on.
  process.stderr.on('error', () => process.exit(2));
}
