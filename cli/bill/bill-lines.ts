import { grouped } from '#protocol/verify/explain/figures';
import { keyText } from '#protocol/wire/key';
import { totalOf, type EpochBill, type Usage } from './bill.ts';
import { BILL_PROBLEMS, problemsOf, WRONG_PACKETS, type Bill, type BillProblem } from './bill-problems.ts';

/** A bill for people: by epoch and hotspot, the sum, the chain, and whether they agree. */
export function billLines(bill: Bill): readonly string[] {
  const problems = problemsOf(bill);
  return [
    `bill of ${bill.owner}`,
    ...bill.epochs.flatMap(epochLines),
    `total         ${usageText(totalOf(bill.epochs))}, in ${bill.epochs.length} epochs with packets of yours`,
    ...chainLines(bill),
    ...problems.flatMap(problemLines),
    problems.length === 0
      ? 'AGREES: every packet billed to you was sent, signed by its hotspot and bought by your own route'
      : `DIFFERS: ${problems.length === 1 ? 'one thing' : `${problems.length} things`}`,
  ];
}

function epochLines({ epoch, hotspots, billed, refused }: EpochBill): readonly string[] {
  return [
    `epoch ${epoch}`.padEnd(14) + usageText(billed),
    ...[...hotspots].map(([key, usage]) => `  ${keyText(key)}  ${usageText(usage)}`),
    ...[...refused].map(([reason, count]) => `  not billed: ${count} ${reason}`),
  ];
}

function chainLines({ chain }: Bill): readonly string[] {
  const { leaf, account, latest } = chain;
  const used = `used          ${grouped(leaf)} credits up to epoch ${latest.epoch}, proven under the credits root on chain`;
  if (account === null) return [used, 'bought        nothing ever'];
  const { balance, settled, withdrawal } = account;
  return [
    used,
    `bought        ${grouped(balance)} credits, less what was taken back; ${grouped(balance - leaf)} left`,
    `settled       ${grouped(settled)} of those used are entered in the account on chain`,
    ...(withdrawal === null
      ? []
      : [`withdrawal    ${grouped(withdrawal.credits)} credits from epoch ${withdrawal.fromEpoch} on`]),
  ];
}

function problemLines(problem: BillProblem): readonly string[] {
  const head = `${problem.epoch === null ? '' : `epoch ${problem.epoch}: `}${BILL_PROBLEMS[problem.code]}`;
  if (problem.code === 'wrong_packet') {
    const { origin, index, hotspot, credits, code } = problem.packet;
    const where = `${origin} entry ${index} of ${keyText(hotspot)}, ${credits} credits`;
    return [`differs       ${head}`, `  ${where}: ${WRONG_PACKETS[code]} (${code})`];
  }
  return [
    `differs       ${head}`,
    `  found       ${grouped(problem.found)}`,
    `  expected    ${grouped(problem.expected)}`,
  ];
}

function usageText({ packets, bytes, credits }: Usage): string {
  return `${packets} packets, ${bytes} bytes, ${grouped(credits)} credits`;
}
