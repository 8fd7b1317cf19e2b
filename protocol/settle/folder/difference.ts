import { utf8 } from '@scure/base';
import { openDenyFile } from '../../deny/deny-file.ts';
import { leafHash } from '../../evidence/merkle.ts';
import { ProtocolError } from '../../errors.ts';
import { fileOf, FILES, type FolderFiles } from '../folder.ts';
import { openPolicy } from '../policy-codec.ts';
import { openRegistry } from '../registry.ts';
import { openState } from '../state.ts';
import { openTuple } from '../tuple.ts';
import { openCredits, openPacketReasons } from './credits-files.ts';
import { openEpochFacts } from './epoch-file.ts';
import { openEvidenceFile } from './evidence-file.ts';
import { ABSENT, firstDifferentPath, flatten } from './flatten.ts';
import { openLeaves } from './leaves-file.ts';
import { MANIFEST } from './manifest-file.ts';

/** What of an epoch differs; `folder` is a file that has no place in it, or is missing. */
export type DifferentThing =
  | 'evidence'
  | 'registry'
  | 'policy'
  | 'deny'
  | 'epoch'
  | 'parent'
  | 'state_before'
  | 'verdict'
  | 'packet'
  | 'share'
  | 'leaf'
  | 'credits'
  | 'state'
  | 'tuple'
  | 'summary'
  | 'manifest'
  | 'folder';

/** The first difference between two folders of one epoch, with both values. */
export interface Difference {
  readonly thing: DifferentThing;
  readonly file: string;
  /** Entry and field, or the offset where a file cannot be decoded. */
  readonly where: string;
  readonly theirs: string;
  readonly ours: string;
}

interface Kind {
  readonly thing: DifferentThing;
  readonly name: RegExp;
  readonly open: (bytes: Uint8Array) => [string, string][];
}

/** Inputs first, then what follows from them: the first difference is the cause of later ones. */
const KINDS: readonly Kind[] = [
  { thing: 'evidence', name: /^evidence-\d+\.bin$/, open: flattenEvidence },
  { thing: 'registry', name: named(FILES.registry), open: (bytes) => flatten(openRegistry(bytes)) },
  { thing: 'policy', name: named(FILES.policy), open: (bytes) => flatten(openPolicy(bytes)) },
  { thing: 'deny', name: named(FILES.deny), open: (bytes) => flatten(openDenyFile(bytes)) },
  { thing: 'epoch', name: named(FILES.epoch), open: (bytes) => flatten(openEpochFacts(bytes)) },
  { thing: 'parent', name: named(FILES.parent), open: (bytes) => flatten(openTuple(bytes)) },
  { thing: 'state_before', name: named(FILES.stateBefore), open: (bytes) => flatten(openState(bytes)) },
  { thing: 'verdict', name: named(FILES.verdicts), open: flattenVerdicts },
  {
    thing: 'packet',
    name: named(FILES.packets),
    open: (bytes) => flatten(openPacketReasons(bytes), 'packet'),
  },
  { thing: 'share', name: named(FILES.shares), open: (bytes) => flattenShares(bytes) },
  { thing: 'leaf', name: named(FILES.leaves), open: flattenLeaves },
  { thing: 'credits', name: named(FILES.credits), open: flattenCredits },
  { thing: 'state', name: named(FILES.state), open: (bytes) => flatten(openState(bytes)) },
  { thing: 'tuple', name: named(FILES.tuple), open: (bytes) => flatten(openTuple(bytes)) },
  { thing: 'summary', name: named(FILES.summary), open: (bytes) => flatten(JSON.parse(utf8.encode(bytes))) },
  { thing: 'manifest', name: named(MANIFEST), open: (bytes) => flatten(JSON.parse(utf8.encode(bytes))) },
];

/** The first thing in which a given folder differs from the recomputed one; undefined where they are equal. */
export function firstDifference(theirs: FolderFiles, ours: FolderFiles): Difference | undefined {
  const [first] = differences(theirs, ours);
  return first;
}

/** The first difference in each file that differs, inputs before what follows from them. */
export function* differences(theirs: FolderFiles, ours: FolderFiles): Generator<Difference> {
  const names = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  for (const kind of KINDS)
    for (const name of names.filter((candidate) => kind.name.test(candidate))) {
      const difference = compareFile({ kind, name, theirs, ours });
      if (difference !== undefined) yield difference;
    }
  for (const name of names)
    if (!KINDS.some((kind) => kind.name.test(name)))
      yield {
        thing: 'folder',
        file: name,
        where: 'file',
        theirs: presence(theirs, name),
        ours: presence(ours, name),
      };
}

/** Which thing a file of the folder holds. */
export function thingOf(file: string): DifferentThing {
  return KINDS.find((kind) => kind.name.test(file))?.thing ?? 'folder';
}

function compareFile(input: {
  readonly kind: Kind;
  readonly name: string;
  readonly theirs: FolderFiles;
  readonly ours: FolderFiles;
}): Difference | undefined {
  const { kind, name, theirs, ours } = input;
  const named = { thing: kind.thing, file: name };
  if (!theirs.has(name) || !ours.has(name))
    return { ...named, where: 'file', theirs: presence(theirs, name), ours: presence(ours, name) };
  const [their, our] = [fileOf(theirs, name), fileOf(ours, name)];
  const offset = firstDifferentByte(their, our);
  if (offset === undefined) return undefined;
  const expected = kind.open(our);
  let found: [string, string][];
  try {
    found = kind.open(their);
  } catch (error) {
    return { ...named, where: `offset ${offset}`, theirs: refusalOf(error), ours: byteAt(our, offset) };
  }
  const different = firstDifferentPath(found, expected);
  if (different === undefined)
    return { ...named, where: `offset ${offset}`, theirs: byteAt(their, offset), ours: byteAt(our, offset) };
  return { ...named, where: different.path, theirs: different.theirs, ours: different.ours };
}

function flattenCredits(bytes: Uint8Array): [string, string][] {
  return flatten(new Map(openCredits(bytes).map(({ owner, settled }) => [owner, settled])));
}

function flattenEvidence(bytes: Uint8Array): [string, string][] {
  const { entries, sessions, ...head } = openEvidenceFile(bytes);
  const leaves = new Map(entries.map((entry, at) => [head.from + at, leafHash(entry)]));
  return [
    ...flatten(head),
    ...flatten(leaves, `${head.origin} entry`),
    ...flatten(new Map(sessions.map((session) => [session.index, session])), `${head.origin} session`),
  ];
}

/** A report is named by its place in the evidence, which no verdict can change. */
function flattenVerdicts(bytes: Uint8Array): [string, string][] {
  const lines = utf8.encode(bytes).trimEnd().split('\n');
  return lines.flatMap((line, at) => {
    const value: unknown = line === '' ? {} : JSON.parse(line);
    return reportsOf(value).flatMap(([place, report]) => flatten(report, place ?? `line ${at + 1}`));
  });
}

/** Report verdicts anywhere below a value, each with its place, and what stands beside them. */
function reportsOf(value: unknown): [place: string | null, report: unknown][] {
  if (typeof value !== 'object' || value === null) return [];
  if ('position' in value && typeof value.position === 'object' && value.position !== null) {
    const { origin, index } = { origin: null, index: null, ...value.position };
    return [[`report ${String(origin)} ${String(index)}`, value]];
  }
  return Object.values(value).flatMap((child) => reportsOf(child));
}

function flattenShares(bytes: Uint8Array): [string, string][] {
  const value: unknown = JSON.parse(utf8.encode(bytes));
  if (typeof value !== 'object' || value === null || !('hotspots' in value)) return flatten(value);
  const { hotspots, ...rest } = value;
  const entries: readonly unknown[] = Array.isArray(hotspots) ? hotspots : [];
  const byKey = new Map(
    entries.map((entry, at): [string, unknown] => [
      typeof entry === 'object' && entry !== null && 'key' in entry ? String(entry.key) : String(at),
      entry,
    ]),
  );
  return [...flatten(byKey, 'hotspot'), ...flatten(rest)];
}

function flattenLeaves(bytes: Uint8Array): [string, string][] {
  return flatten(new Map(openLeaves(bytes).map((leaf) => [leaf.key, leaf.cumulative])));
}

function firstDifferentByte(a: Uint8Array, b: Uint8Array): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let at = equalWords(a, b); at < length; at += 1) if (a[at] !== b[at]) return at;
  return undefined;
}

/** How many bytes from the start are equal, in whole words: files are large, and nearly always equal. */
function equalWords(a: Uint8Array, b: Uint8Array): number {
  if (a.byteOffset % 4 !== 0 || b.byteOffset % 4 !== 0) return 0;
  const count = Math.floor(Math.min(a.length, b.length) / 4);
  const [left, right] = [a, b].map((bytes) => new Uint32Array(bytes.buffer, bytes.byteOffset, count));
  let at = 0;
  while (at < count && left?.[at] === right?.[at]) at += 1;
  return 4 * at;
}

function byteAt(bytes: Uint8Array, offset: number): string {
  const byte = bytes[offset];
  return byte === undefined ? ABSENT : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}

function refusalOf(error: unknown): string {
  return error instanceof ProtocolError || error instanceof Error ? error.message : String(error);
}

function presence(files: FolderFiles, name: string): string {
  return files.has(name) ? 'present' : ABSENT;
}

function named(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('.', '\\.')}$`);
}
