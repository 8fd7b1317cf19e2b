import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { emptyState, openState, stateBytes } from '#protocol/settle/state';
import { millis, type Millis } from '#protocol/units';
import type { PocState } from '#protocol/verify/poc';
import { replaceFile } from '#services/runtime/replace-file';

/** Where fold stands: the state after every group that closed by `time`, and from where to read again. */
export interface FoldPoint {
  readonly origin: string;
  /** Log time. */
  readonly time: Millis;
  /** Lowest index that a group still open at `time`, or one it could be taken for, can hold. */
  readonly from: number;
  readonly state: PocState;
}

const stored = Compile(
  Type.Object({
    origin: Type.String(),
    time: Type.Integer({ minimum: 0 }),
    from: Type.Integer({ minimum: 0 }),
    state: Type.String(),
  }),
);

export function foldPath(dataDir: string): string {
  return join(dataDir, 'verify', 'fold.json');
}

/** Atomic and durable: a restart finds this point or the one before. The state is encoded at once, before any wait. */
export function writeFoldPoint(dataDir: string, point: FoldPoint): Promise<void> {
  const state = Buffer.from(stateBytes({ ...emptyState(), poc: point.state })).toString('base64');
  return replaceFile(foldPath(dataDir), JSON.stringify({ ...point, state }));
}

/** null where there is none, or one of another log; throws where the file is damaged. */
export async function readFoldPoint(dataDir: string, origin: string): Promise<FoldPoint | null> {
  const text = await readFile(foldPath(dataDir), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (!stored.Check(value)) throw new Error(`${foldPath(dataDir)} does not hold a point of fold`);
  if (value.origin !== origin) return null;
  return {
    origin,
    time: millis(value.time),
    from: value.from,
    state: openState(Uint8Array.from(Buffer.from(value.state, 'base64'))).poc,
  };
}
