import { setTimeout as sleep } from 'node:timers/promises';
import { SYSVAR_CLOCK_PUBKEY } from '@solana/web3.js';
import { isRecord } from './rpc.ts';

/** How far the chain's clock is ahead of this machine's, as far as its whole seconds tell; milliseconds. */
export interface ClockBounds {
  readonly least: number;
  readonly most: number;
}

export type Correction =
  | { readonly kind: 'none' }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'skip'; readonly slots: number };

export interface ClockSample {
  readonly unixTime: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

const PAUSE_OVER_MS = 200;
const SKIP_OVER_MS = 1_000;
const SAMPLE_MS = 500;
/** Bounds older than this say nothing about a clock that drifts by about 1 %. */
const WINDOW_SAMPLES = 16;

/** A clock of whole seconds bounds the difference; several samples narrow it. */
export function clockBounds(samples: readonly ClockSample[]): ClockBounds {
  return {
    least: Math.max(...samples.map((sample) => sample.unixTime * 1000 - sample.answeredAt)),
    most: Math.min(...samples.map((sample) => (sample.unixTime + 1) * 1000 - sample.askedAt)),
  };
}

/**
 * The engine counts slotMs per slot, makes slots a little too fast, and after a starved or suspended machine is
 * behind. Ahead: stop the slots for as long. Behind: skip slots; its own jump to a time would move slots back.
 */
export function correctionOf(bounds: ClockBounds, slotMs: number): Correction {
  if (bounds.least > PAUSE_OVER_MS) return { kind: 'pause', ms: bounds.least };
  if (bounds.most < -SKIP_OVER_MS) return { kind: 'skip', slots: Math.floor(-bounds.most / slotMs) };
  return { kind: 'none' };
}

type Call = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** Keeps the chain's clock at this machine's until the signal aborts. */
export async function holdClock(options: {
  readonly call: Call;
  readonly slotMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}): Promise<void> {
  const { call, slotMs, signal, say } = options;
  const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);
  let samples: readonly ClockSample[] = [];
  while (!signal.aborted) {
    samples = [...samples.slice(1 - WINDOW_SAMPLES), await sampleClock(call)];
    const correction = correctionOf(clockBounds(samples), slotMs);
    if (correction.kind === 'pause') {
      await call('surfnet_pauseClock', []);
      await pause(correction.ms);
      await call('surfnet_resumeClock', []);
    } else if (correction.kind === 'skip') {
      say(`the chain's clock was behind: skipping ${correction.slots} slots`);
      await skipSlots(call, correction.slots);
    }
    if (correction.kind !== 'none') samples = [];
    await pause(SAMPLE_MS);
  }
}

/** After a suspension the engine may make its slots in a burst, and come past the target by itself. */
async function skipSlots(call: Call, slots: number): Promise<void> {
  const slotNow = async (): Promise<number> => Number(await call('getSlot', [{ commitment: 'processed' }]));
  const target = (await slotNow()) + slots;
  try {
    await call('surfnet_timeTravel', [{ absoluteSlot: target }]);
  } catch (error) {
    if (!((await slotNow()) >= target)) throw error;
  }
}

async function sampleClock(call: Call): Promise<ClockSample> {
  const askedAt = Date.now();
  const result = await call('getAccountInfo', [
    SYSVAR_CLOCK_PUBKEY.toBase58(),
    { encoding: 'base64', commitment: 'processed' },
  ]);
  const answeredAt = Date.now();
  const value = isRecord(result) ? result['value'] : undefined;
  const data: unknown = isRecord(value) && Array.isArray(value['data']) ? value['data'][0] : undefined;
  if (typeof data !== 'string') throw new Error('the chain has no Clock sysvar');
  return { unixTime: Number(Buffer.from(data, 'base64').readBigInt64LE(32)), askedAt, answeredAt };
}
