import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** End after the first epochs, with an exit code that says whether all was as it must be. */
  readonly once: boolean;
  readonly dataDir: string;
  /** First of the adjacent ports to take; null: the stages' usual ports, or free ones. */
  readonly portBase: number | null;
}

export const USAGE = `npm run demo [-- --once] [--data DIR] [--port-base N]

  --once         end after the first epochs; exit code 0 only if every check of the demo holds
  --data DIR     where everything is kept, and continued from (default .coverant)
  --port-base N  take the ports from N on (default: the stages' usual ones, or free ones)

RPC_URL, REDIS_URL and DATABASE_URL take another validator, Redis or PostgreSQL than the demo's own.`;

/** Throws a sentence about the first argument that it does not understand. */
export function parseDemoOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      once: { type: 'boolean', default: false },
      data: { type: 'string', default: '.coverant' },
      'port-base': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return { once: values.once, dataDir: resolve(values.data), portBase: portBase(values['port-base']) };
}

function portBase(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_000)
    throw new RangeError(`--port-base must be a port from 1 to 65000, got ${text}`);
  return port;
}
