import { keyText } from '#protocol/wire/key';
import { totalOf, type Usage } from './bill.ts';
import { problemsOf, type Bill, type BillProblem } from './bill-problems.ts';

/** A bill as docs/bill.md describes it: u64 as text, keys as base58check. */
export function billJson(bill: Bill): unknown {
  const { account, leaf, latest } = bill.chain;
  const problems = problemsOf(bill);
  return {
    version: 1,
    owner: bill.owner,
    whole: bill.isWhole,
    agrees: problems.length === 0,
    epochs: bill.epochs.map(({ epoch, hotspots, billed, refused, before, after }) => ({
      epoch: epoch.toString(),
      ...usageOf(billed),
      settled_before: before.toString(),
      settled_after: after.toString(),
      hotspots: [...hotspots].map(([key, usage]) => ({ hotspot: keyText(key), ...usageOf(usage) })),
      not_billed: Object.fromEntries(refused),
    })),
    total: usageOf(totalOf(bill.epochs)),
    chain: {
      latest_epoch: latest.epoch.toString(),
      credits_root: latest.creditsRoot,
      used: leaf.toString(),
      account: account && {
        balance: account.balance.toString(),
        left: (account.balance - leaf).toString(),
        settled: account.settled.toString(),
        withdrawal: account.withdrawal && {
          credits: account.withdrawal.credits.toString(),
          from_epoch: account.withdrawal.fromEpoch.toString(),
        },
      },
    },
    problems: problems.map(problemJson),
  };
}

function problemJson(problem: BillProblem): unknown {
  const { code } = problem;
  const epoch = problem.epoch?.toString() ?? null;
  if (problem.code === 'wrong_packet') {
    const { hotspot, code: reason, ...at } = problem.packet;
    return { code, epoch, reason, hotspot: keyText(hotspot), ...at };
  }
  return { code, epoch, found: problem.found.toString(), expected: problem.expected.toString() };
}

function usageOf({ packets, bytes, credits }: Usage) {
  return { packets, bytes, credits: credits.toString() };
}
