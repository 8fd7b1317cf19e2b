/** Sets what a map holds for a key as its newest entry; beyond `most` entries the oldest goes: insertion order is age. */
export function remember<Key, Value>(
  map: Map<Key, Value>,
  entry: { readonly key: Key; readonly value: Value; readonly most: number },
): void {
  map.delete(entry.key);
  map.set(entry.key, entry.value);
  const oldest = map.size > entry.most ? map.keys().next() : null;
  if (oldest?.done === false) map.delete(oldest.value);
}
