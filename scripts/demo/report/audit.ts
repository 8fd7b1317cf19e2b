import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../services/audit/main.ts', import.meta.url));

/** Runs the auditor as anyone would: with public files and the chain, in a process of its own. Returns its exit code. */
export function runAudit(options: {
  readonly epoch: bigint;
  readonly from: string;
  readonly rpcUrl: string;
  readonly network: string;
  readonly dataDir: string;
}): Promise<number> {
  const { epoch, from, rpcUrl, network, dataDir } = options;
  const args = ['--epoch', String(epoch), '--from', from, '--rpc', rpcUrl, '--network', network];
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: { ...process.env, DATA_DIR: dataDir },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 2);
    });
  });
}
