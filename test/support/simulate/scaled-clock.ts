import { realClock, type Clock } from '#services/simulate/medium/clock';

/** Real time, so many times as fast: what a hotspot takes minutes for is seen in seconds, over real sockets. */
export function scaledClock(factor: number): Clock {
  const clock = realClock();
  const start = clock.now();
  return {
    now: () => start + (clock.now() - start) * factor,
    after: (ms, call) => clock.after(ms / factor, call),
    close: clock.close,
  };
}
