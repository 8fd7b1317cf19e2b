import { spawn } from 'node:child_process';

/** Runs the audit as its users do, and answers with its exit code. */
export async function runAuditCommand(input: {
  readonly dataDir: string;
  readonly args: readonly string[];
}): Promise<{ readonly code: number; readonly output: string }> {
  const main = ['--import', 'tsx', 'services/audit/main.ts', ...input.args];
  const child = spawn(process.execPath, main, {
    env: { ...process.env, DATA_DIR: input.dataDir },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number>((resolve) => {
    child.once('close', (value) => {
      resolve(value ?? -1);
    });
  });
  return { code, output: Buffer.concat(chunks).toString() };
}
