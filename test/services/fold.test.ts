import { DEFAULT_POLICY } from '#protocol/policy';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { epochNumber, millis } from '#protocol/units';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import { emptyPocState } from '#protocol/verify/state';
import { createLogger } from '#services/runtime/logger';
import { pointSaver } from '#services/verify/start-group';
import { readFoldPoint } from '#services/verify/fold-file';
import { makeDataDir } from '../support/service-world.ts';
import type { CheckTask } from '#services/verify/check-job';
import { openFold } from '#services/verify/fold';
import { TestWorld } from '../protocol/epoch/world.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { policy } = new TestWorld({ hotspots: [], epochs: 0 });
const task: CheckTask = {
  epoch: epochNumber(0n),
  policy,
  deny: NOBODY_DENIED,
  registry: new Map(),
  entropies: new Map(),
  groups: [],
};

describe('fold', () => {
  it('keeps nothing of the results that it has applied', async () => {
    const fold = openFold({
      windows: DEFAULT_POLICY.windows,
      state: emptyPocState(),
      onVerdict: () => undefined,
      onMark: () => Promise.resolve(),
    });
    const stop = new AbortController();
    const done = fold.run(stop.signal);
    const results = Array.from({ length: 20 }, () => {
      const checked: CheckedPoc[] = [];
      fold.push({ kind: 'checked', task, checked: sleep(1).then(() => checked), closed: millis(1) });
      return new WeakRef(checked);
    });
    while (fold.waiting() > 0) await sleep(1);
    await sleep(5);
    collectGarbage();

    expect(results.filter((result) => result.deref() !== undefined)).toEqual([]);
    stop.abort();
    await done;
  });

  it('goes on where its point cannot be written, says so once, and writes it when that is over', async () => {
    const data = await makeDataDir(new TestWorld({ hotspots: [], epochs: 0 }));
    await writeFile(join(data.dataDir, 'verify'), 'a file in the way');
    const lines: string[] = [];
    const logger = createLogger({
      stage: 'verify',
      level: 'warn',
      destination: { write: (line: string) => lines.push(line) },
    });
    const save = pointSaver(data.dataDir, logger);
    const logs = new Map([['o', { from: 3, next: 4 }]]);
    const point = { time: millis(1), logs, state: emptyPocState() };
    await save(point);
    await save(point);
    expect(lines).toHaveLength(1);
    await rm(join(data.dataDir, 'verify'));
    await save(point);
    expect((await readFoldPoint(data.dataDir, ['o']))?.logs).toEqual(logs);
    await data.close();
  });

  it('ends when it is told to, whatever it waits for', async () => {
    for (const waitsForResult of [false, true]) {
      const fold = openFold({
        windows: DEFAULT_POLICY.windows,
        state: emptyPocState(),
        onVerdict: () => undefined,
        onMark: () => Promise.resolve(),
      });
      const stop = new AbortController();
      const done = fold.run(stop.signal);
      if (waitsForResult)
        fold.push({ kind: 'checked', task, checked: new Promise(() => undefined), closed: millis(1) });
      await sleep(1);
      stop.abort();
      await done;
    }
  });
});
