import { CommanderError } from 'commander';
import { exitCodeOf, Unanswered } from './exit-code.ts';
import { printable, shortened } from './shown.ts';

/** What the user named; it is shown whole. */
const OWN = new Set(['file', 'location', 'folder', 'path']);

/** Says on standard error why a command was refused or could not be done, and ends the process with its code. */
export function reportAndExit(error: unknown): never {
  // The parser has said what it refuses.
  if (!(error instanceof CommanderError)) console.error(errorLine(error));
  process.exit(exitCodeOf(error));
}

/** One line: code, what to do, and values of other people's making in part. */
export function errorLine(error: unknown): string {
  if (error instanceof Unanswered) return errorLine(error.cause);
  if (!(error instanceof Error)) return printable(String(error));
  const { code, context } = error as { readonly code?: unknown; readonly context?: unknown };
  if (typeof code !== 'string' || typeof context !== 'object') return printable(error.message);
  const values = Object.entries(context ?? {}).filter(([name]) => !OWN.has(name));
  const text = values.reduce((message, [name, value]) => {
    const whole = String(value);
    return message.replaceAll(`${name}=${whole}`, () => `${name}=${shortened(whole)}`);
  }, error.message);
  return printable(`${code}: ${text}`);
}
