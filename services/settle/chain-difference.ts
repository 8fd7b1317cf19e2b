import { PublicKey } from '@solana/web3.js';
import { hotspotAddress } from '#client';
import type { RegistryTable } from '#protocol/settle/registry';
import { keyText } from '#protocol/wire/key';
import type { ChainView } from './chain-view.ts';

/** Where two RPCs contradict each other. */
export interface ChainDifference {
  /** Address of the account. */
  readonly account: string;
  /** Of which type it is, and which of its fields. */
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
}

const ABSENT = 'absent';

/** The first field of Network or Ballot that differs; null where all are equal. The clock runs, and is not compared. */
export function viewDifference(ours: ChainView, theirs: ChainView): ChainDifference | null {
  for (const name of ['network', 'ballot'] as const) {
    const [left, right] = [leaves(ours[name]), leaves(theirs[name])];
    const field = firstDifferent(left, right);
    if (field !== null)
      return {
        account: ours[name].address.toBase58(),
        field: `${name}.${field}`,
        ours: left.get(field) ?? ABSENT,
        theirs: right.get(field) ?? ABSENT,
      };
  }
  return null;
}

/** The first fact of a hotspot that differs in two registries of one epoch; null where there is none. */
export function registryDifference(
  network: PublicKey,
  ours: RegistryTable,
  theirs: RegistryTable,
): ChainDifference | null {
  for (const key of [...new Set([...ours.hotspots.keys(), ...theirs.hotspots.keys()])].sort()) {
    const [left, right] = [leaves(ours.hotspots.get(key)), leaves(theirs.hotspots.get(key))];
    const field = firstDifferent(left, right);
    if (field === null) continue;
    const isThere = left.size > 1 && right.size > 1;
    return {
      account: hotspotAddress(network, key).toBase58(),
      field: isThere ? `hotspot ${keyText(key)} ${field}` : `hotspot ${keyText(key)}`,
      ours: isThere ? (left.get(field) ?? ABSENT) : left.size > 1 ? 'registered' : ABSENT,
      theirs: isThere ? (right.get(field) ?? ABSENT) : right.size > 1 ? 'registered' : ABSENT,
    };
  }
  return null;
}

function firstDifferent(
  left: ReadonlyMap<string, string>,
  right: ReadonlyMap<string, string>,
): string | null {
  for (const path of new Set([...left.keys(), ...right.keys()]))
    if (left.get(path) !== right.get(path)) return path;
  return null;
}

/** Every value within a value as text, by its path. */
function leaves(value: unknown, path = ''): ReadonlyMap<string, string> {
  if (value === null || typeof value !== 'object') return new Map([[path, String(value)]]);
  if (value instanceof PublicKey) return new Map([[path, value.toBase58()]]);
  return new Map(
    Object.entries(value).flatMap(([name, field]) => [
      ...leaves(field, path === '' ? name : `${path}.${name}`),
    ]),
  );
}
