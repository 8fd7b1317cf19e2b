import type { Cheat } from '../cheat.ts';

export function crowder(): Cheat {
  return { does: 'stands nearer to a peer than 8 cells of resolution 11', stands: 'beside' };
}
