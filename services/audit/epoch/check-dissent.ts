import { finalizedNewestFirst } from '#services/runtime/chain-history';
import { FILES, openFile, type FolderFiles } from '#protocol/settle/folder';
import { firstDifferentPath, flatten } from '#protocol/settle/folder/flatten';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { Outage } from '#services/runtime/outage';
import { readFolder } from '#services/audit/files/read-folder';
import { Disagreement } from '#services/audit/report/failures';
import { Notes } from '#services/audit/report/notes';
import type { EpochFinding } from '#services/audit/report/report';
import { auditEpoch } from './audit-epoch.ts';
import type { AuditContext } from './context.ts';

/**
 * A folder of the latest epoch that is not of the tuple on chain: where all of it follows from the signed logs, the
 * accounts and the parent that the chain has, the folder is right and the oracles made something else final.
 */
export async function checkDissent(context: AuditContext, notes: Notes): Promise<void> {
  const { latest, source } = context;
  const attested = await latestTuple(context);
  const files = await readFolder(source, latest.epoch);
  const claimed = tupleIn(files);
  if (claimed === null || attested === null || tupleHash(claimed) === latest.tupleHash) return;
  const hasParent =
    claimed.parentTupleHash === attested.parentTupleHash && claimed.policyHash === attested.policyHash;
  if (!hasParent || claimed.network !== attested.network || claimed.epoch !== attested.epoch) return;
  const findings: EpochFinding[] = [];
  const trial = new Notes(latest.epoch, (finding) => findings.push(finding));
  const audited = await auditEpoch(context, { tuple: claimed }, trial);
  // What is wrong with a folder that the chain does not name is nobody's concern.
  if (audited === null || !trial.agree) return;
  for (const finding of findings) notes.add(finding);
  const first = firstDifferentPath(flatten(attested), flatten(claimed));
  throw new Disagreement({
    check: 'tuple',
    where: `epoch ${latest.epoch} on chain: ${first?.path ?? 'hash'}`,
    found: first?.theirs ?? latest.tupleHash,
    expected: first?.ours ?? tupleHash(claimed),
  });
}

/** The whole tuple of the latest final epoch; null where the node does not have the transaction any more. */
async function latestTuple({ connection, network, latest }: AuditContext): Promise<Tuple | null> {
  try {
    for await (const final of finalizedNewestFirst(connection, network.address))
      return final.tupleHash === latest.tupleHash ? final.tuple : null;
  } catch (error) {
    if (!(error instanceof Outage) || error.code !== 'history_unavailable') throw error;
  }
  return null;
}

function tupleIn(files: FolderFiles): ReturnType<typeof openTuple> | null {
  try {
    return openFile(files, FILES.tuple, openTuple);
  } catch {
    return null;
  }
}
