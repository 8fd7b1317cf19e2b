import { pino, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config.ts';

export type { Logger } from 'pino';

/** What a Redis client hangs on its errors: the command with its arguments, which for AUTH and HELLO are the password. */
const SECRET_PATHS = ['error.command', 'error.previousErrors', 'error.lastNodeError'];

/** JSON lines on standard output, each with the stage that wrote it; errors keep their code and context. */
export function createLogger(options: {
  readonly stage: string;
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
}): Logger {
  const settings = {
    level: options.level,
    base: { stage: options.stage },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.err },
    redact: { paths: SECRET_PATHS, remove: true },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
