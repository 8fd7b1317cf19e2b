import { deepStrictEqual } from 'node:assert/strict';
import { openCheckpoint, signCheckpoint } from '#protocol/evidence/checkpoint';
import { formatVerifierKey, parseVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import { computeEpoch } from '#protocol/epoch';
import type { Policy } from '#protocol/policy';
import { judgeEpoch } from '#protocol/settle/epoch/judge-epoch';
import { openEpochEvidence } from '#protocol/settle/epoch/open-evidence';
import { mergeEvidence } from '#protocol/settle/logged-reports';
import { emptyState, type EpochState } from '#protocol/settle/state';
import type { Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber } from '#protocol/units';
import { emptyPocState } from '#protocol/verify/state';
import type { PocState, PocVerdict, ReportVerdict, VerifySignature } from '#protocol/verify/poc';
import { readCut } from '#services/runtime/evidence-cut';
import { logReaderOver, type PublicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { logSigner } from '#services/ingest/log/log-signer';
import { publicFile, TreeEdge } from '#services/ingest/log/tree-edge';
import { GENESIS, testAddress } from '../protocol/epoch/world.ts';
import type { LineLog } from './verify-line-logs.ts';
import { DENIED, DENY_LIST, EPOCH_MS, EPOCHS, linePolicy, lineRegistry } from './verify-line-network.ts';

/** A verdict with what it stands for, as far as both sides name it. */
export interface PlacedVerdict {
  readonly epoch: string;
  readonly role: 'beacon' | 'witness' | 'other';
  readonly verdict: ReportVerdict;
}

export interface BatchEpoch {
  /** By `origin index`. */
  readonly verdicts: ReadonlyMap<string, PlacedVerdict>;
  readonly state: PocState;
  /** Nothing in it is attested, and the next one begins with the state of the one before. */
  readonly empty: boolean;
}

/** A log with the public files that its ingest would serve. */
export interface PublicLog {
  readonly origin: string;
  readonly vkey: string;
  /** Makes all entries before `size` public; sizes never fall. */
  readonly publish: (size: number) => void;
  readonly reader: PublicLogReader;
}

export function publicLog({ origin, entries }: LineLog): PublicLog {
  const signer = signerOf(origin);
  const files = new Map<string, Uint8Array>();
  const edge = new TreeEdge();
  const publish = (size: number): void => {
    if (files.size > 0 && edge.size >= size) return;
    const full = entries.slice(edge.size, size).flatMap(({ entry }) => edge.append(entry));
    for (const { path, bytes } of [...full, ...edge.partials()].map(publicFile)) files.set(path, bytes);
    files.set('checkpoint', signCheckpoint({ origin, size: edge.size, root: edge.root() }, [signer]));
  };
  publish(0);
  const reader = logReaderOver({
    location: origin,
    read: (path) => Promise.resolve(files.get(path) ?? null),
  });
  return { origin, vkey: formatVerifierKey(verifierKey(origin, signer.key.publicKey)), publish, reader };
}

const signers = new Map<string, ReturnType<typeof logSigner>>();

function signerOf(origin: string): ReturnType<typeof logSigner> {
  const signer = signers.get(origin) ?? logSigner(origin, new Uint8Array(32).fill(9));
  signers.set(origin, signer);
  return signer;
}

/** Every epoch reads most of it again: its entries are proven once. */
class SmallTree extends VerifiedTree {
  #entries: Promise<Uint8Array[]> | undefined;

  override async entries(from: number, to: number): Promise<Uint8Array[]> {
    this.#entries ??= super.entries(0, this.size);
    return (await this.#entries).slice(from, to);
  }
}

export function policyOf(logs: readonly Pick<PublicLog, 'origin' | 'vkey'>[], steady: boolean): Policy {
  const named = logs.map(({ origin, vkey }) => ({ origin, vkey, url: 'http://127.0.0.1/log' }));
  return linePolicy(named, steady);
}

/** Every epoch as an oracle settles it: from the public files alone, each from the state that the one before left. */
export async function settle(input: {
  readonly logs: readonly LineLog[];
  readonly steady: boolean;
  readonly verify: VerifySignature;
  /** Whether payouts are computed too, which must not change a verdict. */
  readonly whole: boolean;
}): Promise<readonly BatchEpoch[]> {
  const { logs, verify } = input;
  const published = logs.map(publicLog);
  const policy = policyOf(published, input.steady);
  const trees: VerifiedTree[] = [];
  for (const [at, { publish, reader, origin, vkey }] of published.entries()) {
    publish(logs[at]?.entries.length ?? 0);
    const known = { origin, keys: [parseVerifierKey(vkey)], verify };
    trees.push(new SmallTree(reader, openCheckpoint(await reader.checkpoint(), known)));
  }
  const epochs: BatchEpoch[] = [];
  let state = emptyPocState();
  let chain: { readonly state: EpochState; readonly parent: Tuple | null } = {
    state: emptyState(),
    parent: null,
  };
  for (let number = 0; number < EPOCHS; number += 1) {
    const epoch = epochNumber(BigInt(number));
    const start = GENESIS + (number * EPOCH_MS) / 1000;
    const bounds = { start, end: start + EPOCH_MS / 1000 };
    const evidence = [];
    for (const [at, tree] of trees.entries()) {
      const cut = await readCut(tree, { origin: published[at]?.origin ?? '', epoch, bounds });
      if (cut === null) throw new Error(`epoch ${number} is not closed`);
      evidence.push(cut);
    }
    const facts = { epoch, ...bounds };
    const registry = lineRegistry(number);
    const merged = mergeEvidence(openEpochEvidence({ facts, policy, evidence }), verify);
    const judged = judgeEpoch({ facts, policy, deny: DENY_LIST, registry, state, ...merged, verify });
    if (input.whole) {
      const result = computeEpoch({
        facts: { ...facts, ...ECONOMY },
        ...chain,
        evidence,
        registry: { keyNetwork: 'mainnet', hotspots: registry, credits: [], voters: [] },
        policy,
        denyFile: DENIED.denyFile,
        verify,
      });
      if (result.kind === 'computed') {
        deepStrictEqual(result.verdicts, judged.verdicts);
        deepStrictEqual(result.badlySigned, judged.badlySigned);
        deepStrictEqual(result.state.poc, judged.state);
        chain = { state: result.state, parent: result.tuple };
      }
    }
    const placed = [
      ...judged.verdicts.flatMap((verdict) => placedVerdicts({ epoch: String(number), verdict })),
      ...judged.badlySigned.map((verdict): PlacedVerdict => ({
        epoch: String(number),
        role: 'other',
        verdict,
      })),
    ];
    epochs.push({ verdicts: byPlace(placed), state: judged.state, empty: !judged.hasBeacon });
    if (judged.hasBeacon) state = judged.state;
  }
  return epochs;
}

const ECONOMY = {
  network: testAddress('line'),
  emission: amount(1_000_000_000_000n),
  holdback: 0,
  creditPrice: 3_590_000n,
  operations: testAddress('operations'),
};

export function placedVerdicts(of: {
  readonly epoch: string;
  readonly verdict: PocVerdict;
}): readonly PlacedVerdict[] {
  const { epoch, verdict } = of;
  const placed = (role: PlacedVerdict['role'], reports: readonly ReportVerdict[]): readonly PlacedVerdict[] =>
    reports.map((each) => ({ epoch, role, verdict: each }));
  return [
    ...placed('beacon', verdict.beacon === null ? [] : [verdict.beacon]),
    ...placed('witness', verdict.witnesses),
    ...placed('other', verdict.others),
  ];
}

export function byPlace(placed: readonly PlacedVerdict[]): ReadonlyMap<string, PlacedVerdict> {
  const map = new Map<string, PlacedVerdict>();
  for (const each of placed) {
    const place = placeOf(each.verdict);
    if (map.has(place)) throw new Error(`two verdicts name ${place}`);
    map.set(place, each);
  }
  return map;
}

export function placeOf({ position }: Pick<ReportVerdict, 'position'>): string {
  return `${position.origin} ${position.index}`;
}
