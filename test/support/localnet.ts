import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../scripts/redis.ts';

export interface Localnet {
  readonly port: number;
  readonly rpcUrl: string;
  readonly child: ChildProcess;
  /** Ends it by the signal and waits; a chain that is stopped by SIGTERM has written its snapshot. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>;
}

/** Starts the local chain as a process of its own on free ports, and waits until it is healthy. */
export async function startLocalnet(options: {
  readonly dataDir: string;
  readonly port?: number;
}): Promise<Localnet> {
  const port = options.port ?? (await freePorts(2));
  const child = spawn(process.execPath, ['--import', 'tsx', 'services/localnet/main.ts'], {
    env: { ...process.env, LOCALNET_PORT: String(port), DATA_DIR: options.dataDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  const rpcUrl = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    const healthy = await fetch(`${rpcUrl}/health`)
      .then((response) => response.ok)
      .catch(() => false);
    if (healthy) return { port, rpcUrl, child, stop };
    if (child.exitCode !== null) throw new Error(`localnet ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) {
      await stop('SIGKILL');
      throw new Error('localnet did not become healthy within 60 s');
    }
    await sleep(100);
  }
}
