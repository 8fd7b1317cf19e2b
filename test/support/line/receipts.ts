import { randomBytes } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { equalBytes, leafHash } from '#protocol/evidence/merkle';
import { decodeReceipt, verifyReceipt, type Receipt } from '#protocol/evidence/receipt';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { receipt } from '#services/ingest/schemas';
import { verifySignature } from '#services/runtime/signature';
import type { Hotspot } from '#services/simulate/fleet';
import { beaconDraft, signedReport } from '#services/simulate/hotspot/reports';
import { openPublicLog, type Log } from './recompute.ts';

const answers = Compile(Type.Object({ receipts: Type.Array(receipt) }));
const CLIENTS = 4;
/** Far below a key's budget of a minute. */
const MOST = 100;

/**
 * Sends reports that nobody signed, some at a time, and calls `enough` when `count` of them are receipted while others
 * are under way; goes on until ingest is gone. Resolves with all receipts that came.
 */
export async function receiptsUntilGone(input: {
  readonly url: string;
  /** Whose reports these pretend to be: they are bad signatures of a cheater. */
  readonly hotspot: Hotspot;
  readonly count: number;
  readonly enough: () => void;
}): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = [];
  let sent = 0;
  const told = new AbortController();
  const client = async (): Promise<void> => {
    while (sent < MOST) {
      sent += 1;
      const answer = await submit(input.url, forgedBeacon(input.hotspot)).catch(() => null);
      if (answer === null && told.signal.aborted) return;
      receipts.push(...(answer ?? []));
      if (receipts.length < input.count || told.signal.aborted) continue;
      told.abort();
      input.enough();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  if (!told.signal.aborted) throw new Error(`only ${receipts.length} of ${sent} reports were receipted`);
  return receipts;
}

/** The receipts that the log's key did not sign, or whose index holds something else; throws while the log is shorter. */
export async function brokenReceipts(log: Log, receipts: readonly Receipt[]): Promise<readonly Receipt[]> {
  const tree = await openPublicLog(log);
  const key = parseVerifierKey(log.vkey);
  const broken: Receipt[] = [];
  for (const each of receipts) {
    verifyReceipt(each, { key, verify: verifySignature });
    const [entry] = await tree.entries(each.index, each.index + 1);
    if (entry === undefined || !equalBytes(leafHash(entry), each.leaf)) broken.push(each);
  }
  return broken;
}

async function submit(url: string, bytes: Uint8Array): Promise<readonly Receipt[]> {
  const reports = [{ kind: 'beacon', bytes: Buffer.from(bytes).toString('base64') }];
  const answer = await fetch(`${url}/v1/reports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ reports }),
  });
  const value: unknown = await answer.json();
  if (!answers.Check(value)) throw new Error(`ingest answered ${JSON.stringify(value)}`);
  return value.receipts.map(decodeReceipt);
}

function forgedBeacon(hotspot: Hotspot): Uint8Array {
  const told = { data: randomBytes(51), frequency: 868_100_000, datarate: 'SF12BW125', txPower: 14 };
  const random = { local: randomBytes(4), remote: randomBytes(32) };
  const stamp = { timestamp: BigInt(Date.now()) * 1_000_000n, tmst: 1 };
  const draft = beaconDraft({ ...random, ...stamp, told, key: hotspot.key });
  return signedReport(draft, () => randomBytes(64)).bytes;
}
