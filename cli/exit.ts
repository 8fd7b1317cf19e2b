import { ProtocolError } from '#protocol/errors';

/** Says on standard error why a command could not be done, and ends the process with code 2. */
export function reportAndExit(error: unknown): never {
  const text = error instanceof Error ? error.message : String(error);
  console.error(error instanceof ProtocolError ? `${error.code}: ${text}` : text);
  process.exit(2);
}
