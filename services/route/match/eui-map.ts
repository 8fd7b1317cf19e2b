/** Pairs of EUIs, each of a route; several routes may name the same pair. `*` in place of a DevEUI is any. */
export interface EuiMap {
  readonly size: number;
  add(pair: RoutePair): void;
  remove(pair: RoutePair): void;
  /** The routes that name this very pair or the JoinEUI with any device, each once. */
  find(joinEui: string, devEui: string): readonly number[];
}

export interface RoutePair {
  /** 16 hex digits in lower case. */
  readonly joinEui: string;
  readonly devEui: string;
  readonly route: number;
}

export const ANY_DEVICE = '*';

export function openEuiMap(): EuiMap {
  /** Nearly every pair has one route: no list is made for it. */
  const routes = new Map<string, number | readonly number[]>();
  let size = 0;
  const listOf = (key: string): readonly number[] => {
    const found = routes.get(key);
    if (found === undefined) return NO_ROUTES;
    return typeof found === 'number' ? [found] : found;
  };
  return {
    get size() {
      return size;
    },
    add: ({ joinEui, devEui, route }) => {
      const key = joinEui + devEui;
      const list = listOf(key);
      if (list.includes(route)) return;
      routes.set(key, list.length === 0 ? route : [...list, route]);
      size += 1;
    },
    remove: ({ joinEui, devEui, route }) => {
      const key = joinEui + devEui;
      const list = listOf(key);
      const rest = list.filter((each) => each !== route);
      const [only] = rest;
      if (only === undefined) routes.delete(key);
      else routes.set(key, rest.length === 1 ? only : rest);
      size -= list.length - rest.length;
    },
    find: (joinEui, devEui) => {
      const exact = listOf(joinEui + devEui);
      const any = listOf(joinEui + ANY_DEVICE);
      if (any.length === 0) return exact;
      if (exact.length === 0) return any;
      return [...new Set([...exact, ...any])];
    },
  };
}

const NO_ROUTES: readonly number[] = [];
