import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mosquittoPath } from '../../scripts/mosquitto.ts';
import { freePorts } from '../../scripts/redis.ts';

/** A real MQTT broker on a port of its own. */
export interface TestBroker {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** On a given port again after `stop`; everybody may do everything on it. */
export async function startBroker(given?: number): Promise<TestBroker> {
  const command = mosquittoPath(process.env['PATH'] ?? '');
  if (command === null)
    throw new Error(
      'These tests need an MQTT broker and found no mosquitto on the PATH or in /usr/sbin. ' +
        'Install it (on Debian: apt-get install mosquitto).',
    );
  const port = given ?? (await freePorts(1));
  const folder = await mkdtemp(join(tmpdir(), 'coverant-mosquitto-'));
  const config = join(folder, 'mosquitto.conf');
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const child = spawn(command, ['-c', config], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await untilListening(port);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => {
        resolve(false);
      });
    });
    if (open) return;
    await sleep(25);
  }
  throw new Error(`mosquitto does not listen on port ${port}`);
}
