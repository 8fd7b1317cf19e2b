import { openEuiMap } from './eui-map.ts';
import { openRangeMap } from './range-map.ts';

/** What a route takes: data frames by DevAddr, join requests by EUIs. */
export interface RouteEntries {
  /** Both ends included. */
  readonly devAddrs: readonly (readonly [first: number, last: number])[];
  /** 16 hex digits each, in lower case; "*" in place of a DevEUI is any. */
  readonly euis: readonly (readonly [joinEui: string, devEui: string])[];
}

/** Which routes take a frame; routes are numbers of the caller's. */
export interface Matcher {
  /** Ranges and pairs that are held. */
  readonly size: number;
  add(route: number, entries: RouteEntries): void;
  /** With the entries that were added. */
  remove(route: number, entries: RouteEntries): void;
  byDevAddr(devAddr: number): readonly number[];
  byJoin(joinEui: string, devEui: string): readonly number[];
}

export function openMatcher(): Matcher {
  const ranges = openRangeMap();
  const pairs = openEuiMap();
  return {
    get size() {
      return ranges.size + pairs.size;
    },
    add: (route, { devAddrs, euis }) => {
      for (const [first, last] of devAddrs) ranges.add({ first, last, route });
      for (const [joinEui, devEui] of euis) pairs.add({ joinEui, devEui, route });
    },
    remove: (route, { devAddrs, euis }) => {
      for (const [first, last] of devAddrs) ranges.remove({ first, last, route });
      for (const [joinEui, devEui] of euis) pairs.remove({ joinEui, devEui, route });
    },
    byDevAddr: (devAddr) => ranges.find(devAddr),
    byJoin: (joinEui, devEui) => pairs.find(joinEui, devEui),
  };
}
