import type { Receipt } from '#protocol/evidence/receipt';
import { toHex } from '#protocol/wire/hex';
import type { ReceiptCheck } from '#services/runtime/evidence/check-receipt';

/** What a receipt promises. */
export function promiseLine({ origin, index, leaf, receivedAt, integratedBy }: Receipt): string {
  const [received, due] = [receivedAt, integratedBy].map((time) => new Date(time).toISOString());
  return (
    `promised     entry ${index} of ${origin}: leaf ${toHex(leaf)}, received ${String(received)}, ` +
    `under a checkpoint by ${String(due)}`
  );
}

/** What the log's public files say of it, and what follows. */
export function checkLine(check: ReceiptCheck): string {
  switch (check.state) {
    case 'kept':
      return (
        `kept         ${check.proof.length} hashes lead from the leaf to the root ${toHex(check.root)} ` +
        `of the signed checkpoint of ${check.size} entries`
      );
    case 'broken':
      return (
        `BROKEN       the signed checkpoint has leaf ${toHex(check.conviction.leaf)} there: receipt, checkpoint and ` +
        "that leaf's proof convict the log"
      );
    case 'not_integrated':
      return check.overdue
        ? `overdue      the newest checkpoint has ${check.size} entries; a log that publishes nothing more is not convicted by it: show the receipt, and report elsewhere`
        : `not yet      the newest checkpoint has ${check.size} entries; ask again later`;
  }
}
