import type { Policy } from '../../policy.ts';
import type { Numbers, ReportVerdict } from '../poc.ts';
import { ruleText } from '../reasons.ts';
import type { CheckEntry } from './check-entry.ts';
import { fillSentence, policyFigure, showFigure } from './figures.ts';
import { RULE_TABLE } from './rule-table.ts';
import { VALID_BEACON, VALID_WITNESS, type ValidEntry } from './valid-entries.ts';

/** What of a verdict its explanation depends on. */
export type Explained = Pick<ReportVerdict, 'kind' | 'reason' | 'side' | 'numbers' | 'selected' | 'note'>;

/**
 * One sentence that says why a report has its verdict, with the numbers compared. A witness report that has its beacon's
 * reason says so. A verdict that no rule of this version gives is told by its rule and raw numbers.
 */
export function explain(verdict: Explained, policy: Policy): string {
  if (verdict.reason === null) return sentence(validText(verdict, policy));
  const entry = checkOf(verdict);
  const inherited = verdict.kind === 'witness' && verdict.side === 'beaconer';
  if (entry === undefined) {
    const values = Object.entries(verdict.numbers).map(([name, value]) => `${name} ${String(value)}`);
    return [ruleText(verdict.reason, policy), values.join(', ')].filter((part) => part !== '').join(' ');
  }
  const says = said(entry, verdict.numbers, policy);
  return sentence(inherited ? `its beacon was not valid: ${says}` : says);
}

/** The table's entry that gave a verdict; undefined where it is valid or no rule of this version gives it. */
export function checkOf({
  reason,
  side,
  numbers,
}: Pick<Explained, 'reason' | 'side' | 'numbers'>): CheckEntry | undefined {
  const names = Object.keys(numbers);
  return RULE_TABLE.find(
    (entry) =>
      entry.reason === reason &&
      side !== null &&
      entry.sides.includes(side) &&
      Object.keys(entry.numbers).length === names.length &&
      names.every((name) => Object.hasOwn(entry.numbers, name)),
  );
}

function validText(verdict: Explained, policy: Policy): string {
  const { numbers, note } = verdict;
  if (verdict.kind === 'beacon') {
    return said(numbers['attached'] === 0 ? VALID_BEACON.unheard : VALID_BEACON.heard, numbers, policy);
  }
  return said(
    verdict.selected ? VALID_WITNESS.selected : VALID_WITNESS[note ?? 'not_selected'],
    numbers,
    policy,
  );
}

function said(entry: CheckEntry | ValidEntry, numbers: Numbers, policy: Policy): string {
  const missing = Object.entries(entry.whenNull ?? {}).find(([name]) => (numbers[name] ?? null) === null);
  return fillSentence(missing?.[1] ?? entry.says, (name) => {
    if (name.startsWith('policy.')) return policyFigure(policy, name.slice('policy.'.length));
    return showFigure(numbers[name] ?? null, entry.numbers[name]?.[0] ?? 'text');
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
