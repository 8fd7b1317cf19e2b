import { decodeReceipt, type Receipt } from '#protocol/evidence/receipt';
import { readJson } from '../input/read-json.ts';

/** The receipts of a file: one, or the whole answer of an ingest. */
export async function readReceipts(file: string): Promise<readonly Receipt[]> {
  const json = await readJson(file);
  const answered: unknown =
    typeof json === 'object' && json !== null && 'receipts' in json ? json.receipts : [json];
  return Array.isArray(answered) ? answered.map(decodeReceipt) : [decodeReceipt(answered)];
}
