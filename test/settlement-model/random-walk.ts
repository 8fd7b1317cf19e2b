import { step, type Action } from './machine.ts';
import { actionsOf, beginning, movesOf, probesOf, type Bounds, type World } from './world.ts';

/** Actions of everybody by a seed, refused ones too; what changes nothing (a tick) is drawn less often than the rest. */
export function randomWalk(seed: number, { length, bounds }: { length: number; bounds: Bounds }): Action[] {
  const random = generator(seed);
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];
  const taken: Action[] = [];
  let world: World = beginning;
  while (taken.length < length) {
    const moves = actionsOf(movesOf(world, bounds));
    const action = pick(random() < 0.2 ? probesOf(world) : moves);
    if (action === undefined || (action.type === 'epoch ends' && random() < 0.5)) continue;
    taken.push(action);
    const outcome = step(world.state, action);
    if ('refused' in outcome) continue;
    const proposals = world.proposals + (action.type === 'propose' ? 1 : 0);
    world = { ...world, state: outcome.state, proposals };
  }
  return taken;
}

/** mulberry32: numbers from 0 to 1 that depend on nothing but the seed. */
const generator = (seed: number) => {
  let at = seed >>> 0;
  return (): number => {
    at = (at + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
