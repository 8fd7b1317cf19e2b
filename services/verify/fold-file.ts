import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { emptyState, openState, stateBytes } from '#protocol/settle/state';
import { millis } from '#protocol/units';
import type { PocState } from '#protocol/verify/poc';
import { replaceFile } from '#services/runtime/replace-file';
import type { TailPlace } from './tail.ts';

/** Where fold stands: the state after every group that closed by `time`, and from where to read each log again. */
export interface FoldPoint extends TailPlace {
  readonly state: PocState;
}

const count = Type.Integer({ minimum: 0 });
const stored = Compile(
  Type.Object({
    time: count,
    logs: Type.Array(Type.Object({ origin: Type.String(), from: count, next: count })),
    state: Type.String(),
  }),
);

export function foldPath(dataDir: string): string {
  return join(dataDir, 'verify', 'fold.json');
}

/** The point as it is now, whatever becomes of its state. */
export function foldPointText({ time, logs, state }: FoldPoint): string {
  return JSON.stringify({
    time,
    logs: [...logs].map(([origin, place]) => ({ origin, ...place })),
    state: Buffer.from(stateBytes({ ...emptyState(), poc: state })).toString('base64'),
  });
}

/** null where it is a point of other logs; throws where it is none. */
export function openFoldPoint(text: string, origins: readonly string[]): FoldPoint | null {
  const value: unknown = JSON.parse(text);
  if (!stored.Check(value)) throw new Error('this is not a point of fold');
  const logs = new Map(value.logs.map(({ origin, from, next }) => [origin, { from, next }]));
  if (logs.size !== origins.length || origins.some((origin) => !logs.has(origin))) return null;
  const state = openState(Uint8Array.from(Buffer.from(value.state, 'base64'))).poc;
  return { time: millis(value.time), logs, state };
}

/** Atomic and durable: a restart finds this point or the one before. */
export function writeFoldPoint(dataDir: string, point: FoldPoint): Promise<void> {
  return replaceFile(foldPath(dataDir), foldPointText(point));
}

/** null where there is none, or one of other logs; throws where the file is damaged. */
export async function readFoldPoint(dataDir: string, origins: readonly string[]): Promise<FoldPoint | null> {
  const text = await readFile(foldPath(dataDir), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : openFoldPoint(text, origins);
}
