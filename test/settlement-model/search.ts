import { stateKey } from './state-key.ts';
import { K, step, type Action, type Flaw } from './machine.ts';
import { nothing, observe, type Broken, type Memory } from './monitor.ts';
import { actionsOf, beginning, isRecoverable, movesOf, type Bounds, type Move, type World } from './world.ts';

export interface Found {
  readonly states: number;
  /** Moves that landed, those back to a known state too. */
  readonly moves: number;
  /** The first promise that was broken; the moves that lead there. */
  readonly broken: {
    readonly promise: Broken | 'honest oracles are stuck';
    readonly path: readonly Move[];
  } | null;
  /** For each kind of what was asked for, the shortest moves to it. */
  readonly paths: ReadonlyMap<string, readonly Action[]>;
}

interface Node {
  readonly world: World;
  readonly memory: Memory;
  readonly from: number;
  readonly by: Move | null;
}

/**
 * Breadth first through all states that the moves of everybody reach, each state once. Where no promise is broken on the
 * way, and fewer than k oracles lie, asks of every state in which enough honest oracles live whether honest steps alone
 * lead to one more final epoch.
 */
export function search(options: {
  readonly bounds: Bounds;
  readonly flaw?: Flaw | null;
  /** What is worth a path: named kinds of actions in a state. */
  readonly kindsOf?: (world: World) => readonly (readonly [string, Action])[];
}): Found {
  const { bounds, flaw = null } = options;
  const nodes: Node[] = [{ world: beginning, memory: nothing, from: -1, by: null }];
  const known = new Map([[stateKey(beginning, nothing), 0]]);
  const honest = new HonestGraph();
  const paths = new Map<string, readonly Action[]>();
  let landed = 0;

  const pathTo = (at: number): readonly Move[] => {
    const moves: Move[] = [];
    for (let node = nodes[at]; node?.by != null; node = nodes[node.from]) moves.unshift(node.by);
    return moves;
  };
  const done = (broken: Found['broken']): Found => ({ states: nodes.length, moves: landed, broken, paths });

  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (node === undefined) break;
    for (const [kind, action] of options.kindsOf?.(node.world) ?? [])
      if (!paths.has(kind)) paths.set(kind, [...actionsOf(pathTo(at)), action]);
    for (const move of movesOf(node.world, bounds)) {
      const next = moved(node, { move, bounds, flaw });
      if (next === null) continue;
      landed += 1;
      if (typeof next === 'string') return done({ promise: next, path: [...pathTo(at), move] });
      const key = stateKey(next.world, next.memory);
      const to = known.get(key) ?? nodes.push({ ...next, from: at, by: move }) - 1;
      known.set(key, to);
      if (move.isHonest && to !== at) honest.add(at, to);
      if (move.isHonest && move.action.type === 'finalize') honest.arrive(at);
    }
  }
  // k liars can keep something ripe that no honest step makes final.
  if (isOutvoted(bounds)) return done(null);
  const arriving = honest.arriving();
  const stuck = nodes.findIndex(({ world }, at) => isRecoverable(world, bounds) && !arriving.has(at));
  return done(stuck < 0 ? null : { promise: 'honest oracles are stuck', path: pathTo(stuck) });
}

const isOutvoted = ({ liars }: Bounds): boolean => liars.length >= K;

/** null: refused. */
const moved = (
  { world, memory }: Node,
  of: { readonly move: Move; readonly bounds: Bounds; readonly flaw: Flaw | null },
): { readonly world: World; readonly memory: Memory } | Broken | null => {
  const { action } = of.move;
  if (action.type === 'crash')
    return { world: { ...world, crashed: [...world.crashed, action.oracle] }, memory };
  const outcome = step(world.state, action, of.flaw);
  if ('refused' in outcome) return null;
  const { state: after } = outcome;
  const lieIsPossible = isOutvoted(of.bounds);
  const remembered = observe(memory, { before: world.state, action, after, lieIsPossible });
  if (typeof remembered === 'string') return remembered;
  const proposals = world.proposals + (action.type === 'propose' ? 1 : 0);
  return { world: { ...world, state: after, proposals }, memory: remembered };
};

/** Honest steps backwards, and the states from which one of them makes an epoch final. */
class HonestGraph {
  readonly #before = new Map<number, number[]>();
  readonly #last: number[] = [];

  add(from: number, to: number): void {
    const known = this.#before.get(to);
    if (known === undefined) this.#before.set(to, [from]);
    else known.push(from);
  }

  arrive(from: number): void {
    this.#last.push(from);
  }

  /** The states from which honest steps lead to one more final epoch. */
  arriving(): ReadonlySet<number> {
    const seen = new Set(this.#last);
    const waiting = [...this.#last];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop())
      for (const before of this.#before.get(at) ?? [])
        if (!seen.has(before)) {
          seen.add(before);
          waiting.push(before);
        }
    return seen;
  }
}
