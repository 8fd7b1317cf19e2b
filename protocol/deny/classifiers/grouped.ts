/** Adds to the list that a map keeps for a key. */
export function addTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const before = lists.get(key);
  if (before === undefined) lists.set(key, [value]);
  else before.push(value);
}
