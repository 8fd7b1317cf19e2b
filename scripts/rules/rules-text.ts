import { format } from 'prettier';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import type { CheckEntry } from '#protocol/verify/explain/check-entry';
import { RULE_TABLE } from '#protocol/verify/explain/rule-table';
import { isReason, REASONS, ruleText } from '#protocol/verify/reasons';
import { PARAMETERS } from './parameters.ts';

const STAGES: Readonly<Record<CheckEntry['stage'], string>> = {
  report: 'Before a PoC is judged',
  beacon: 'Beacons',
  witness: 'Witness reports',
};

/** docs/rules.md: made of the rule table, the reasons and the policy, so that it says what the code does. */
export async function rulesText(): Promise<string> {
  const policy = DEFAULT_POLICY;
  const text = [
    '# What is judged, in which order, and by which limits',
    'Made by `node scripts/run.mjs scripts/make-rules.ts` from the code (`protocol/verify/explain`, `protocol/verify/reasons.ts`, `protocol/policy.ts`); a test holds it to them. The contract is [poc.md](spec/poc.md), whose numbers stand here. Limits are those of the default policy: a network has its own, and `npx coverant hotspot why` names them.',
    '## Reasons',
    'The first objection to a report is its verdict. `unpaid` can happen to an honest hotspot: by nobody’s fault, by a mistake, or by what somebody else did. `misbehaviour` cannot. A verdict names whose report it is, which is not always who caused it.',
    table(['wire', 'reason', 'severity', 'rule', 'why this severity'], reasonRows(policy)),
    '## Checks, in the order of judgement',
    'A beacon is asked 1 to 7; if one fails, every attached report takes its reason, with side `beaconer`. Else each attached report is asked 0 to 15 for itself, and at last the beacon is asked 8: if that fails, all of them take its reason. Every verdict carries exactly the numbers that stand here, in units that their names end with (`ddbm`, `ddb`: tenths); null where there is none.',
    ...Object.entries(STAGES).flatMap(([stage, title]) => [
      `### ${title}`,
      table(
        ['#', 'check', 'reason', 'side', 'holds where', 'numbers of the verdict', 'source'],
        checkRows(stage),
      ),
    ]),
    'A report that meets all of them is valid. Of the valid witness reports of a beacon the policy’s `selected_witnesses` with the smallest `SHA-256(data || key)` are selected and paid; before that those whose two hotspots are both open are left out (note `untrusted_pair`), the others that are not selected have the note `not_selected`.',
    '## Parameters of the policy',
    'All of them are integers or text, pinned on chain by the hash of the policy’s canonical JSON; [formats.md](formats.md#policyjson) has its bytes. `bp` are hundredths of a percent.',
    table(
      ['parameter', 'default', 'unit', 'what it is', 'read by'],
      PARAMETERS.map(({ path, unit, means, governs }) => [
        code(path),
        defaultText(path),
        unit,
        means,
        governs,
      ]),
    ),
    'The density table by default, from fine to coarse:',
    table(
      ['resolution', 'neighbours', 'target', 'max'],
      policy.density.map(({ resolution, neighbours, target, max }) =>
        [resolution, neighbours, target, max].map(String),
      ),
    ),
  ].join('\n\n');
  return await format(text, { parser: 'markdown', singleQuote: true, printWidth: 110 });
}

function reasonRows(policy: Policy): readonly (readonly string[])[] {
  return Object.keys(REASONS)
    .filter(isReason)
    .map((reason) => {
      const { number, severity, because } = REASONS[reason];
      return [String(number), code(reason), severity, ruleText(reason, policy), because];
    });
}

function checkRows(stage: string): readonly (readonly string[])[] {
  return RULE_TABLE.filter((entry) => entry.stage === stage).map((entry) => [
    entry.number ?? '',
    entry.check,
    code(entry.reason),
    entry.sides.join(', '),
    marked(entry.asks),
    Object.entries(entry.numbers)
      .map(([name, [, means]]) => `${code(name)}: ${means}`)
      .join('; '),
    entry.source,
  ]);
}

/** The default value of a parameter; lists are written out below the table or empty. */
function defaultText(path: string): string {
  let value: unknown = DEFAULT_POLICY;
  for (const step of path.split('.')) {
    if (step.endsWith('[]')) return 'below';
    value = new Map<string, unknown>(Object.entries(value ?? {})).get(step);
  }
  return path === 'regions' ? 'of the shipped table' : JSON.stringify(value);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|');
}

/** Names of numbers in a comparison as code; what stands between backticks is code already. */
function marked(text: string): string {
  return text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(/\b[a-z]+(?:_[a-z]+)+\b/g, '`$&`')))
    .join('`');
}

function code(text: string): string {
  return `\`${text}\``;
}
