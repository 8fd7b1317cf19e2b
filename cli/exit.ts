import { ProtocolError } from '#protocol/errors';
import { Outage } from '#services/runtime/outage';

/** Says on standard error why a command could not be done, and ends the process with code 2. */
export function reportAndExit(error: unknown): never {
  const text = error instanceof Error ? error.message : String(error);
  const isCoded = error instanceof ProtocolError || error instanceof Outage;
  console.error(isCoded ? `${error.code}: ${text}` : text);
  process.exit(2);
}
