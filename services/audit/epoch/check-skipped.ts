import { readAllCredits, readHotspots } from '#client';
import { computeEpoch, type EpochInput } from '#protocol/epoch';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { entryReceivedAt } from '#protocol/evidence/record';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import { FILES } from '#protocol/settle/folder';
import { openPolicy, policyHash } from '#protocol/settle/policy-codec';
import { creditsAt, registryAt } from '#protocol/settle/registry';
import { emptyState, openState, stateHash, type EpochState } from '#protocol/settle/state';
import type { Tuple } from '#protocol/settle/tuple';
import type { EpochNumber } from '#protocol/units';
import { epochBounds, epochFacts } from '#services/runtime/chain-epoch';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { readCut } from '#services/runtime/evidence-cut';
import { Outage } from '#services/runtime/outage';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { checkEntropies } from '#services/audit/chain/check-entropies';
import { checkCut, proven } from '#services/audit/files/check-evidence';
import { checkWitnesses } from '#services/audit/files/check-witnesses';
import type { TuplePlace } from '#services/audit/files/tuple-chain';
import { CannotCheck, damagedCopy, Disagreement } from '#services/audit/report/failures';
import type { Notes } from '#services/audit/report/notes';
import type { AuditedEpoch } from '#services/audit/report/report';
import type { AuditContext } from './context.ts';
import { skippedPackets } from './skipped-packets.ts';

type Skipped = Extract<TuplePlace, { readonly kind: 'skipped' }>;

interface KnownPolicy {
  readonly policy: Policy;
  readonly denyFile: Uint8Array | null;
}

/** An epoch without a tuple must be empty: computed from the logs themselves, because no folder holds it. */
export async function checkSkipped(
  context: AuditContext,
  { epoch, place }: { readonly epoch: EpochNumber; readonly place: Skipped },
  notes: Notes,
): Promise<AuditedEpoch | null> {
  const neighbours = `between epochs ${place.after?.epoch.toString() ?? 'none'} and ${place.before.epoch.toString()}`;
  notes.add({ kind: 'agrees', check: 'tuple', says: `none: skipped ${neighbours}` });
  const isEmpty = await notes.attempt('skipped', async () => {
    for (const known of await policiesAround(context.source, place))
      await requireEmpty(context, { epoch, place, known }, notes);
    return true;
  });
  if (isEmpty !== true) return null;
  const says =
    'empty: no beacon of a registered hotspot in the logs; nothing was paid, and nobody was billed, for it';
  notes.add({ kind: 'agrees', check: 'skipped', says });
  return {
    epoch: epoch.toString(),
    kind: 'skipped',
    tuple_hash: null,
    root: null,
    cumulative_total: null,
    sample: null,
  };
}

async function requireEmpty(
  context: AuditContext,
  of: { readonly epoch: EpochNumber; readonly place: Skipped; readonly known: KnownPolicy },
  notes: Notes,
): Promise<void> {
  const { network } = context;
  const { epoch, place, known } = of;
  const hotspots = await readHotspots(context.connection, network);
  const credits = await readAllCredits(context.connection, network.address);
  const { end } = epochBounds(network, epoch);
  const evidence = await cutsOf(context, { epoch, policy: known.policy }, notes);
  const input: EpochInput = {
    facts: { ...epochFacts(network, epoch), creditPrice: BigInt(known.policy.credit_price) },
    parent: place.after,
    evidence,
    registry: {
      keyNetwork: network.keyNetwork,
      hotspots: registryAt({ hotspots: hotspots.value, epoch, end }),
      credits: creditsAt(credits.value, epoch),
      voters: [],
    },
    ...known,
    state: await stateAfter(context.source, place.after),
    verify: context.verify,
    hashes: nativeHashes,
  };
  const result = computeEpoch(input);
  if (result.kind === 'empty') {
    for (const finding of skippedPackets(input, context.disclosures)) notes.add(finding);
    return;
  }
  await requireVouched(context, { evidence, policy: known.policy, epoch });
  const late = evidence.filter((sealed) => closedLate(sealed, { policy: known.policy, end }));
  if (late.length > 0)
    throw new CannotCheck(
      'evidence_late',
      `${late.map(({ origin }) => origin).join(', ')} ended epoch ${epoch} so late that oracles may leave it out: what they had is not known`,
    );
  throw new Disagreement({
    check: 'skipped',
    where: `epoch ${epoch.toString()} in the logs`,
    found: `${result.verdicts.length} PoCs that count, and no tuple`,
    expected: 'no beacon of a registered hotspot',
  });
}

/** A log that the policy's witnesses do not vouch for may be left out, and so may one that made entropies up. */
async function requireVouched(
  { logs, source, verify, entropies, network }: AuditContext,
  of: { readonly evidence: readonly SealedEvidence[]; readonly policy: Policy; readonly epoch: EpochNumber },
): Promise<void> {
  const { evidence, policy, epoch } = of;
  const folder = { evidence, policy, facts: { start: epochBounds(network, epoch).start } };
  const reasons: string[] = [];
  for (const check of [
    () => checkWitnesses({ folder, logs, source, verify }),
    () => checkEntropies(evidence, entropies),
  ])
    try {
      const open = (await check()).filter(({ kind }) => kind === 'not_checked');
      if (policy.log_witnesses.quorum > 0) reasons.push(...open.map((finding) => JSON.stringify(finding)));
    } catch (error) {
      if (!(error instanceof Disagreement)) throw error;
      reasons.push(`${error.difference.where}: ${error.difference.found}`);
    }
  if (reasons.length > 0)
    throw new CannotCheck(
      'evidence_late',
      `epoch ${epoch} holds beacons in logs that oracles may have had to leave out: ${reasons.join('; ')}`,
    );
}

/** Whether a log by its own stamp ended the epoch when it could be left out already. */
function closedLate(
  { entries }: SealedEvidence,
  { policy, end }: { readonly policy: Policy; readonly end: number },
): boolean {
  const close = entries.at(-1);
  const latest = end * 1000 + policy.grace_ms + policy.late_log_ms;
  return close !== undefined && entryReceivedAt(close) > latest;
}

/** The policy did not change between neighbours that have the same; where it did, the epoch is empty under both. */
async function policiesAround(source: PublicFiles, { after, before }: Skipped): Promise<KnownPolicy[]> {
  const known = new Map<string, KnownPolicy>();
  for (const tuple of after === null ? [before] : [before, after]) {
    if (known.has(tuple.policyHash)) continue;
    const path = epochPath(tuple.epoch, FILES.policy);
    const policy = decoded(path, openPolicy, await requireFile(source, path));
    if (policyHash(policy) !== tuple.policyHash)
      throw new CannotCheck(
        'damaged_copy',
        `${path}: its hash is ${policyHash(policy)}, the tuple names ${tuple.policyHash}`,
      );
    const deny = epochPath(tuple.epoch, FILES.deny);
    const denyFile = policy.deny === null ? null : await requireFile(source, deny);
    known.set(tuple.policyHash, { policy, denyFile });
  }
  return [...known.values()];
}

async function stateAfter(source: PublicFiles, after: Tuple | null): Promise<EpochState> {
  if (after === null) return emptyState();
  const path = epochPath(after.epoch, FILES.state);
  const bytes = await requireFile(source, path);
  const found = stateHash(bytes);
  if (found !== after.stateHash)
    throw new CannotCheck(
      'damaged_copy',
      `${path}: its hash is ${found}, the tuple names ${after.stateHash}`,
    );
  return decoded(path, openState, bytes);
}

async function cutsOf(
  { network, logs }: AuditContext,
  { epoch, policy }: { readonly epoch: EpochNumber; readonly policy: Policy },
  notes: Notes,
): Promise<readonly SealedEvidence[]> {
  const bounds = epochBounds(network, epoch);
  const cuts: SealedEvidence[] = [];
  for (const log of policy.logs) {
    const opened = await logs.open(log);
    const [newest] = [...opened.copies].sort((a, b) => b.tree.size - a.tree.size);
    if (newest === undefined)
      throw new CannotCheck('files_unreachable', `no copy of the log ${log.origin} can be used`);
    const cut = await proven(`${newest.location}: ${log.origin}`, () =>
      readCut(newest.tree, { origin: log.origin, epoch, bounds, windows: policy.windows }),
    );
    if (cut === null)
      throw new CannotCheck('evidence_late', `${newest.location} has no epoch_close ${epoch.toString()}`);
    for (const finding of await checkCut(cut, opened)) notes.add(finding);
    cuts.push(cut);
  }
  return cuts;
}

async function requireFile(source: PublicFiles, path: string): Promise<Uint8Array> {
  const bytes = await source.read(path);
  if (bytes === null) throw new Outage('file_missing', { location: source.location, path });
  return bytes;
}

function decoded<Value>(path: string, open: (bytes: Uint8Array) => Value, bytes: Uint8Array): Value {
  try {
    return open(bytes);
  } catch (error) {
    if (error instanceof ProtocolError) throw damagedCopy(path, error);
    throw error;
  }
}
