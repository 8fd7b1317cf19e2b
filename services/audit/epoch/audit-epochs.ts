import { tupleHash } from '#protocol/settle/tuple';
import type { EpochNumber } from '#protocol/units';
import { findTuplePlace, placesFromGenesis, type TuplePlace } from '#services/audit/files/tuple-chain';
import { findingOf } from '#services/audit/report/failures';
import type { Notes } from '#services/audit/report/notes';
import type { AuditedEpoch } from '#services/audit/report/report';
import { auditEpoch, type LeftState } from './audit-epoch.ts';
import { checkDissent } from './check-dissent.ts';
import { checkSkipped } from './check-skipped.ts';
import type { AuditContext } from './context.ts';

type Shared = Omit<AuditContext, 'onProgress'> & {
  readonly onProgress?:
    ((at: { readonly epoch: string; readonly done: number; readonly of: number }) => void) | undefined;
};
type NotesOf = (epoch: EpochNumber | null) => Notes;
type Run = (shared: Shared, notesOf: NotesOf) => AsyncGenerator<AuditedEpoch>;

/** Audits the epoch alone; the state that it begins with is authenticated by the tuple of its parent. */
export function auditOneEpoch(epoch: EpochNumber): Run {
  return async function* (shared, notesOf) {
    const notes = notesOf(epoch);
    const context = contextOf(shared, epoch);
    const place = await placed(context, notes, () =>
      findTuplePlace(shared.source, { latest: shared.latest, epoch }),
    );
    const audited = place && (await auditPlace(context, { epoch, place }, notes));
    if (audited) yield audited;
  };
}

/** Audits every epoch from 0 to the latest final one; each must begin with the state that the one before it left. */
export async function* auditFromGenesis(shared: Shared, notesOf: NotesOf): AsyncGenerator<AuditedEpoch> {
  const { latest, source } = shared;
  const context = contextOf(shared, latest.epoch);
  let before: LeftState | null = null;
  const places = placesFromGenesis(source, latest);
  for (;;) {
    // Only the first step reads: it walks the whole chain of tuples.
    const next = await placed(context, notesOf(latest.epoch), () => places.next());
    if (next === null || next.done === true) return;
    const { epoch, place } = next.value;
    const asked = { epoch, place, before };
    const audited = await auditPlace(contextOf(shared, epoch), asked, notesOf(epoch));
    if (audited !== null) yield audited;
    if (place.kind === 'tuple') before = { epoch, stateHash: place.tuple.stateHash };
  }
}

/** null where the tuples do not lead there; then the latest folder may be right and the chain wrong. */
async function placed<Value>(
  context: AuditContext,
  notes: Notes,
  find: () => Promise<Value>,
): Promise<Value | null> {
  try {
    return await find();
  } catch (error) {
    const isCopy = await notes.attempt('tuple', async () => {
      await checkDissent(context, notes);
      return true;
    });
    if (isCopy === true) notes.add(findingOf('tuple', error));
    return null;
  }
}

async function auditPlace(
  context: AuditContext,
  of: { readonly epoch: EpochNumber; readonly place: TuplePlace; readonly before?: LeftState | null },
  notes: Notes,
): Promise<AuditedEpoch | null> {
  const { epoch, place } = of;
  if (place.kind === 'skipped') return await checkSkipped(context, { epoch, place }, notes);
  const { tuple } = place;
  const says = `${tupleHash(tuple)}, by parent hashes from epoch ${context.latest.epoch} on chain`;
  notes.add({ kind: 'agrees', check: 'tuple', says });
  return await auditEpoch(context, { ...of, tuple }, notes);
}

function contextOf(shared: Shared, epoch: EpochNumber): AuditContext {
  return {
    ...shared,
    onProgress: (done, of) => shared.onProgress?.({ epoch: epoch.toString(), done, of }),
  };
}
