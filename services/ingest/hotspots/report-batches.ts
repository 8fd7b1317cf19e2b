import type { Receipt } from '#protocol/evidence/receipt';
import type { EvidenceBody } from '#protocol/evidence/record';

/** Records of all streams go to the log together: one signature and one fsync for what came while the last was written. */
export interface ReportBatches {
  /** Resolves with the record's index when it is durable; rejects where the log did not take it. */
  append(body: EvidenceBody): Promise<number>;
}

const MAX_BATCH = 1000;

interface Waiting {
  readonly body: EvidenceBody;
  readonly resolve: (index: number) => void;
  readonly reject: (error: unknown) => void;
}

export function openReportBatches(
  append: (bodies: readonly EvidenceBody[]) => Promise<readonly Receipt[]>,
): ReportBatches {
  const waiting: Waiting[] = [];
  let writing = false;

  const write = async (): Promise<void> => {
    // What arrives in the same turn of the event loop goes together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      try {
        const receipts = await append(batch.map(({ body }) => body));
        for (const [place, each] of batch.entries()) {
          const receipt = receipts[place];
          if (receipt === undefined) each.reject(new Error('the log answered fewer receipts than records'));
          else each.resolve(receipt.index);
        }
      } catch (error) {
        for (const each of batch) each.reject(error);
      }
    }
    writing = false;
  };
  return {
    append: (body) =>
      new Promise((resolve, reject) => {
        waiting.push({ body, resolve, reject });
        if (writing) return;
        writing = true;
        void write();
      }),
  };
}
