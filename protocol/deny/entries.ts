import type { HotspotKey } from '../units.ts';
import { keyText } from '../wire/key.ts';
import type { Finding } from './classifiers/finding.ts';
import {
  inOrder,
  nameOf,
  type DeniedEdge,
  type DeniedKey,
  type DenyEntries,
  type DenyGrounds,
} from './deny-file.ts';

/** Findings as entries of a list, each key and pair once, for what was found first. */
export function entriesOf(findings: readonly Finding[]): DenyEntries {
  const keys = new Map<string, DeniedKey>();
  const edges = new Map<string, DeniedEdge>();
  for (const { accused, reason, from, epoch, evidence } of findings) {
    const grounds: DenyGrounds = { from: Number(from), reason, epoch: Number(epoch), evidence };
    const [a = '', b] = accused.map((key: HotspotKey) => keyText(key)).sort();
    if (b === undefined) addFirst(keys, { key: a, ...grounds });
    else addFirst(edges, { a, b, ...grounds });
  }
  return inOrder({ keys: [...keys.values()], edges: [...edges.values()] });
}

/** The entries of an earlier list and the new ones; where both name somebody, what was published stands. */
export function mergeEntries(earlier: DenyEntries, later: DenyEntries): DenyEntries {
  return inOrder({ keys: united(earlier.keys, later.keys), edges: united(earlier.edges, later.edges) });
}

function united<Entry extends DeniedKey | DeniedEdge>(
  earlier: readonly Entry[],
  later: readonly Entry[],
): Entry[] {
  const entries = new Map<string, Entry>();
  for (const entry of [...earlier, ...later]) addFirst(entries, entry);
  return [...entries.values()];
}

function addFirst<Entry extends DeniedKey | DeniedEdge>(entries: Map<string, Entry>, entry: Entry): void {
  const name = nameOf(entry);
  if (!entries.has(name)) entries.set(name, entry);
}
