/** What waits for a target, newest last; a full list gives up its oldest. */
export interface WaitingList<Item> {
  readonly length: number;
  /** false where the oldest gave way. */
  push(item: Item): boolean;
  shift(): Item | undefined;
}

/** A ring that is as large as what waits, and never larger than `limit`. */
export function openWaitingList<Item>(limit: number): WaitingList<Item> {
  let items: Item[] = [];
  let first = 0;
  const shift = (): Item | undefined => {
    const item = items[first];
    if (item === undefined) return undefined;
    first += 1;
    // Moved only when half of it is gone: each item moves once on average.
    if (first * 2 >= items.length) {
      items = items.slice(first);
      first = 0;
    }
    return item;
  };
  return {
    get length() {
      return items.length - first;
    },
    push: (item) => {
      const full = items.length - first >= limit;
      if (full) shift();
      items.push(item);
      return !full;
    },
    shift,
  };
}
