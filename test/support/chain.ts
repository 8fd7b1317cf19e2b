import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Keypair } from '@solana/web3.js';

/** A real runtime of its own for one test file, on ports that the system chose. */
export interface TestChain {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  /** Holds enough SOL for any test. */
  readonly payer: Keypair;
  close(): Promise<void>;
}

export async function startTestChain(): Promise<TestChain> {
  const script = fileURLToPath(new URL('./surfpool-process.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', (code) => {
      reject(new Error(`the validator ended at once with code ${String(code)}`));
    });
  });
  const started = parseStarted(JSON.parse(first));
  return {
    ...started,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function parseStarted(value: unknown): Omit<TestChain, 'close'> {
  if (value === null || typeof value !== 'object') throw new TypeError('expected an object');
  const { rpcUrl, wsUrl, payer }: Record<string, unknown> = { ...value };
  if (typeof rpcUrl !== 'string' || typeof wsUrl !== 'string' || !Array.isArray(payer))
    throw new TypeError('expected addresses and a key');
  return { rpcUrl, wsUrl, payer: Keypair.fromSecretKey(Uint8Array.from(payer.map(Number))) };
}
