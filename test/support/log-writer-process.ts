import { randomBytes } from 'node:crypto';
import { millis } from '#protocol/units';
import { openLog } from '#services/runtime/log/open-log';
import { LOG_SIGNER, ORIGIN } from './evidence-log.ts';

/*
 * A writer to be killed: appends as fast as it can and says so on stdout, a line per receipt: index, leaf hash, report,
 * all after the receipt was given. Arguments: the log's folder.
 */
const [dir = ''] = process.argv.slice(2);
const log = await openLog({
  dir,
  origin: ORIGIN,
  signer: LOG_SIGNER,
  clock: () => millis(Date.now()),
  fatal: (error) => {
    throw error;
  },
  delayMs: 30,
  integrateEveryMs: 10,
  segmentBytes: 20_000,
});
process.stdout.write(`open ${log.size} ${log.published?.size ?? 0}\n`);

async function client(): Promise<never> {
  for (;;) {
    const bodies = Array.from({ length: 1 + ((randomBytes(1)[0] ?? 0) % 5) }, () => ({
      kind: 'beacon' as const,
      report: randomBytes(20),
      session: null,
    }));
    const receipts = await log.append(bodies);
    const lines = receipts.map(
      ({ index, leaf }, at) =>
        `${index} ${Buffer.from(leaf).toString('hex')} ${bodies[at]?.report.toString('hex') ?? ''}\n`,
    );
    process.stdout.write(lines.join(''));
  }
}
await Promise.all([client(), client(), client()]);
