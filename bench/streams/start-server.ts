import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Asked, ServerState, Told } from './messages.ts';

/** No part takes longer; the bench ends with what is missing otherwise. */
export const PATIENCE_MS = 180_000;

/** The process that holds the streams. */
export interface Server {
  readonly url: string;
  readonly state: (asked?: 'state' | 'memory') => Promise<ServerState>;
  readonly close: () => Promise<void>;
}

/** Starts ingest for as many hotspots, and waits until it is there. */
export async function startServer(hotspots: number): Promise<Server> {
  const file = join(import.meta.dirname, 'server.ts');
  const child = fork(file, [String(hotspots)], { execArgv: ['--expose-gc', '--import', 'tsx'] });
  const first = await answerOf(child);
  if (!('url' in first)) throw new Error('the server did not say where it is');
  const ask = (asked: Asked): void => void child.send(asked);
  return {
    url: first.url,
    state: async (asked = 'state') => {
      const told = answerOf(child);
      ask(asked);
      const state = await told;
      if ('url' in state) throw new Error('the server said twice where it is');
      return state;
    },
    close: async () => {
      if (child.exitCode !== null) return;
      const over = once(child, 'exit');
      ask('close');
      const timer = setTimeout(() => child.kill(), 10_000);
      await over;
      clearTimeout(timer);
    },
  };
}

function answerOf(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    const onMessage = (told: Told): void => {
      done();
      resolve(told);
    };
    const fail = (why: string) => (): void => {
      done();
      reject(new Error(why));
    };
    const onExit = fail('the server ended');
    const timer = setTimeout(fail('the server does not answer'), PATIENCE_MS);
    const done = (): void => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
