import type { Logger } from './logger.ts';

/** Everything that a stage opens. */
export interface Closeable {
  close(): Promise<void> | void;
}

export interface Lifetime {
  /** Aborted once, by SIGINT, SIGTERM or `stop`; the only reason for a stage to end by itself. */
  readonly signal: AbortSignal;
  /** Registers something opened; closed in reverse order when the signal is aborted. Returns it. */
  own<Thing extends Closeable>(thing: Thing): Thing;
  /** Aborts the signal, closes everything and resolves when all is closed. */
  stop(): Promise<void>;
}

/** How long closing may take before the process ends anyway; below the 5 s that whoever started us waits. */
const CLOSE_TIMEOUT_MS = 4000;

/** The life of one process: one AbortSignal, and what has to be closed before it ends. */
export function openLifetime(options: { readonly logger: Logger; readonly onSignals?: boolean }): Lifetime {
  const { logger } = options;
  const controller = new AbortController();
  const owned: Closeable[] = [];
  let stopping: Promise<void> | null = null;

  const closeAll = async (): Promise<void> => {
    for (const thing of owned.reverse()) {
      try {
        await thing.close();
      } catch (error) {
        logger.error({ error }, 'closing failed');
      }
    }
  };
  const stop = (): Promise<void> => {
    controller.abort();
    stopping ??= closeAll();
    return stopping;
  };
  if (options.onSignals ?? true) endOnSignals(stop, logger);

  return {
    signal: controller.signal,
    own: (thing) => {
      owned.push(thing);
      return thing;
    },
    stop,
  };
}

/** Runs a stage's main: a failure to start is logged with its code and ends the process with code 1. */
export async function runMain(options: {
  readonly logger: Logger;
  readonly main: (lifetime: Lifetime) => Promise<void>;
}): Promise<void> {
  const lifetime = openLifetime({ logger: options.logger });
  try {
    await options.main(lifetime);
  } catch (error) {
    // Told to stop: what was waited for or under way ends by throwing.
    if (lifetime.signal.aborted) return;
    options.logger.fatal({ error }, 'cannot go on');
    process.exitCode = 1;
    endLater(1);
    await lifetime.stop();
  }
}

function endOnSignals(stop: () => Promise<void>, logger: Logger): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      logger.info({ signal: name }, 'stopping');
      endLater(0);
      void stop().then(() => process.exit(process.exitCode ?? 0));
    });
  }
}

function endLater(code: number): void {
  setTimeout(() => process.exit(process.exitCode ?? code), CLOSE_TIMEOUT_MS).unref();
}
