import { Command, InvalidArgumentError } from 'commander';
import { decodeConviction, encodeConviction, verifyConviction } from '#protocol/evidence/conviction';
import { verifyReceipt, type Receipt } from '#protocol/evidence/receipt';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import { millis, type HotspotKey } from '#protocol/units';
import { isHex, toHex } from '#protocol/wire/hex';
import { checkReceipt, type ReceiptCheck } from '#services/runtime/evidence/check-receipt';
import { findReports } from '#services/runtime/evidence/find-reports';
import { openPublishedLog, type PublishedLog } from '#services/runtime/evidence/published-log';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { verifySignature } from '#services/runtime/signature';
import { CliError } from '../cli-error.ts';
import { readJson } from '../input/read-json.ts';
import { parseHotspotKey } from '../options/hotspot-key.ts';
import { parseLogKey } from '../options/log-key.ts';
import { writeConviction } from './write-conviction.ts';
import { checkLine, promiseLine } from './receipt-lines.ts';
import { readReceipts } from './read-receipts.ts';

interface OfLog {
  readonly vkey: VerifierKey;
  readonly log: string;
}

/** `receipt`: what a log promised, whether it kept it, and what convicts it (docs/receipts.md). */
export function receiptCommand(): Command {
  const command = new Command('receipt').description("check an ingest's receipts against its log");
  command
    .command('verify')
    .description(
      'check that the log signed a receipt and, with --log, that the entry stands where it was promised',
    )
    .argument('<receipt>', "JSON of one receipt, or of an ingest's whole answer")
    .requiredOption('--vkey <vkey>', "the log's public key, as the policy has it", parseLogKey)
    .option(
      '--log <place>',
      "URL or folder of the log's public files, under which checkpoint and tile/ stand",
    )
    .option('--convict <file>', 'where to write what convicts the log of a broken promise')
    .option('--json', 'print proofs as JSON, one line per receipt')
    .action(verify);
  command
    .command('convict')
    .description('check what `receipt verify --convict` wrote, by its own signatures alone')
    .argument('<file>', 'the conviction')
    .requiredOption('--vkey <vkey>', "the log's public key, as the policy has it", parseLogKey)
    .action(convict);
  command
    .command('find')
    .description("find a hotspot's reports in a log's public files, each with its proof")
    .argument('<key>', "the hotspot's key", parseHotspotKey)
    .requiredOption('--log <place>', "URL or folder of the log's public files")
    .requiredOption('--vkey <vkey>', "the log's public key, as the policy has it", parseLogKey)
    .option('--payload <hex>', 'only reports of this payload', parsePayload)
    .option('--from <index>', 'first entry to look at', parseIndex, 0)
    .option('--json', 'print proofs too, as JSON, one line per report')
    .action(find);
  return command;
}

async function verify(
  file: string,
  of: { readonly vkey: VerifierKey; readonly log?: string; readonly convict?: string; readonly json?: true },
): Promise<void> {
  const checks: ReceiptCheck[] = [];
  let log: PublishedLog | undefined;
  for (const receipt of await readReceipts(file)) {
    verifyReceipt(receipt, { key: of.vkey, verify: verifySignature });
    if (of.json !== true) console.log(promiseLine(receipt));
    if (of.log === undefined) continue;
    log ??= await openLog({ ...of, log: of.log }, receipt.origin);
    const check = await checkReceipt({ receipt, key: of.vkey, log, now: millis(Date.now()) });
    checks.push(check);
    console.log(of.json === true ? JSON.stringify(checkJson(receipt, check)) : checkLine(check));
  }
  const broken = checks.find((check) => check.state === 'broken');
  if (broken !== undefined) {
    if (of.convict !== undefined) await writeConviction(of.convict, encodeConviction(broken.conviction));
    const { origin, index } = broken.conviction.receipt;
    throw new CliError('promise_broken', { origin, index });
  }
  const open = checks.find((check) => check.state === 'not_integrated');
  if (open !== undefined)
    throw new CliError('not_integrated', { size: open.size, overdue: String(open.overdue) });
}

function openLog({ vkey: key, log: base }: OfLog, origin: string): Promise<PublishedLog> {
  return openPublishedLog({ reader: publicLogReader({ base }), origin, key });
}

function checkJson({ origin, index }: Receipt, check: ReceiptCheck): object {
  switch (check.state) {
    case 'kept':
      return {
        origin,
        index,
        state: check.state,
        size: check.size,
        root: toHex(check.root),
        proof: check.proof.map(toHex),
      };
    case 'broken':
      return { origin, index, state: check.state, conviction: encodeConviction(check.conviction) };
    case 'not_integrated':
      return { origin, index, state: check.state, size: check.size, overdue: check.overdue };
  }
}

async function convict(file: string, { vkey }: { readonly vkey: VerifierKey }): Promise<void> {
  const conviction = decodeConviction(await readJson(file));
  verifyConviction(conviction, { key: vkey, verify: verifySignature });
  console.log(promiseLine(conviction.receipt));
  console.log(checkLine({ state: 'broken', conviction }));
}

async function find(
  hotspot: HotspotKey,
  of: OfLog & { readonly payload?: string; readonly from: number; readonly json?: true },
): Promise<void> {
  const log = await openLog(of, of.vkey.name);
  let found = 0;
  for await (const report of findReports({ log, hotspot, payload: of.payload ?? null, from: of.from })) {
    found += 1;
    const { index, kind, receivedAt, payload, proof, size } = report;
    if (of.json === true)
      console.log(
        JSON.stringify({
          index,
          kind,
          received_ms: receivedAt,
          payload,
          report_id: report.reportId,
          leaf_hash: report.leaf,
          size,
          proof: proof.map(toHex),
        }),
      );
    else
      console.log(
        `${String(index).padStart(9)}  ${new Date(receivedAt).toISOString()}  ${kind.padEnd(7)}  ${payload}`,
      );
  }
  if (found === 0) throw new CliError('no_report', { log: of.log });
}

function parsePayload(text: string): string {
  if (!isHex(text)) throw new InvalidArgumentError('expected the payload in hex');
  return text.toLowerCase();
}

function parseIndex(text: string): number {
  const index = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(index)) throw new InvalidArgumentError('expected the index of an entry');
  return index;
}
