import type { Cheat } from '../cheat.ts';

export function silent(): Cheat {
  return {
    does: 'reports beacons that it never sends, and witnesses the others',
    beacon: ({ draft }, means) => {
      means.submit(draft);
    },
  };
}
