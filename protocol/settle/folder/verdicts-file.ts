import { utf8 } from '@scure/base';
import type { ComputedEpoch } from '../../epoch.ts';
import { ProtocolError } from '../../errors.ts';
import { millis, type Hash, type HotspotKey } from '../../units.ts';
import type { Numbers, PocVerdict, Position, ReportVerdict } from '../../verify/poc.ts';
import { isReason } from '../../verify/reasons.ts';
import { canonicalText } from '../bytes/canonical-json.ts';
import { JsonFields } from '../json-fields.ts';

/** What verdicts.ndjson holds. */
export type EpochVerdicts = Pick<ComputedEpoch, 'verdicts' | 'badlySigned'>;

const KEY = /^[01][01][0-9a-f]{64}$/;
const HASH = /^[0-9a-f]{64}$/;
const MOST = Number.MAX_SAFE_INTEGER;
const fields = new JsonFields('malformed_folder');

/** One canonical JSON object per line: every PoC's verdict in the order of judgement, then badly signed reports. */
export function verdictsBytes(result: EpochVerdicts): Uint8Array {
  const lines = [
    ...result.verdicts.map((verdict) => JSON.stringify({ poc: pocInOrder(verdict) })),
    ...result.badlySigned.map((verdict) => JSON.stringify({ badly_signed: reportInOrder(verdict) })),
    '',
  ];
  return utf8.decode(lines.join('\n'));
}

/*
 * Names in ascending order, as canonical JSON has them: of values without exponents or odd text, JSON.stringify then
 * writes the same, many times faster than any code that has to sort.
 */
function pocInOrder({ payload, beacon, witnesses, others }: PocVerdict): unknown {
  return {
    beacon: beacon === null ? null : reportInOrder(beacon),
    others: others.map(reportInOrder),
    payload,
    witnesses: witnesses.map(reportInOrder),
  };
}

function reportInOrder(verdict: ReportVerdict): unknown {
  const { receivedAt, origin, index } = verdict.position;
  return {
    key: verdict.key,
    kind: verdict.kind,
    note: verdict.note,
    numbers: numbersInOrder(verdict.numbers),
    position: { index, origin, receivedAt },
    reason: verdict.reason,
    reportId: verdict.reportId,
    selected: verdict.selected,
    side: verdict.side,
  };
}

function numbersInOrder(numbers: Numbers): Numbers {
  const names = Object.keys(numbers);
  if (names.every((name, at) => at === 0 || (names[at - 1] ?? '') < name)) return numbers;
  return Object.fromEntries(names.sort().map((name) => [name, numbers[name] ?? null]));
}

/** Inverse of `verdictsBytes`, or only the lines that name `key`; malformed_folder names line and field. */
export function openVerdicts(bytes: Uint8Array, key?: HotspotKey): EpochVerdicts {
  const verdicts: PocVerdict[] = [];
  const badlySigned: ReportVerdict[] = [];
  for (const [at, text] of linesOf(bytes).entries()) {
    if (key !== undefined && !text.includes(key)) continue;
    const [kind, value] = openLine(text, `line ${at + 1}`);
    if (kind === 'poc') verdicts.push(openPoc(value, `line ${at + 1}.poc`));
    else badlySigned.push(openReport(value, `line ${at + 1}.badly_signed`));
  }
  return { verdicts, badlySigned };
}

function linesOf(bytes: Uint8Array): readonly string[] {
  let text: string;
  try {
    text = utf8.encode(bytes);
  } catch {
    throw new ProtocolError('malformed_folder', { expected: 'UTF-8' });
  }
  const lines = text.split('\n');
  if (lines.pop() !== '')
    throw new ProtocolError('malformed_folder', { expected: 'a line feed after every line' });
  return lines;
}

function openLine(text: string, path: string): readonly ['poc' | 'badly_signed', unknown] {
  const value = parsed(text);
  const kind = typeof value === 'object' && value !== null && 'poc' in value ? 'poc' : 'badly_signed';
  if (value === undefined || canonicalText(value) !== text)
    throw fields.refusal(path, 'canonical JSON (RFC 8785)', text.slice(0, 80));
  return [kind, fields.object(value, path, [kind])(kind)];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function openPoc(value: unknown, path: string): PocVerdict {
  const item = fields.object(value, path, ['payload', 'beacon', 'witnesses', 'others']);
  const beacon = item('beacon');
  const reports = (name: 'witnesses' | 'others'): readonly ReportVerdict[] =>
    fields.list(item(name), `${path}.${name}`).map((each, at) => openReport(each, `${path}.${name}.${at}`));
  return {
    payload: fields.text(item('payload'), `${path}.payload`, /^([0-9a-f]{2})*$/),
    beacon: beacon === null ? null : openReport(beacon, `${path}.beacon`),
    witnesses: reports('witnesses'),
    others: reports('others'),
  };
}

function openReport(value: unknown, path: string): ReportVerdict {
  const item = fields.object(value, path, [
    'kind',
    'position',
    'reportId',
    'key',
    'reason',
    'side',
    'numbers',
    'selected',
    'note',
  ]);
  const [kind, reason, side, selected, note] = [
    item('kind'),
    item('reason'),
    item('side'),
    item('selected'),
    item('note'),
  ];
  if (kind !== 'beacon' && kind !== 'witness')
    throw fields.refusal(`${path}.kind`, 'beacon or witness', kind);
  if (reason !== null && (typeof reason !== 'string' || !isReason(reason)))
    throw fields.refusal(`${path}.reason`, 'a known reason', reason);
  if (side !== null && side !== 'beaconer' && side !== 'witness')
    throw fields.refusal(`${path}.side`, 'beaconer or witness', side);
  if (typeof selected !== 'boolean') throw fields.refusal(`${path}.selected`, 'true or false', selected);
  if (note !== null && note !== 'untrusted_pair' && note !== 'not_selected')
    throw fields.refusal(`${path}.note`, 'a known note', note);
  return {
    kind,
    position: openPosition(item('position'), `${path}.position`),
    reportId: fields.text(item('reportId'), `${path}.reportId`, HASH) as Hash,
    key: fields.text(item('key'), `${path}.key`, KEY) as HotspotKey,
    reason,
    side,
    numbers: openNumbers(item('numbers'), `${path}.numbers`),
    selected,
    note,
  };
}

function openPosition(value: unknown, path: string): Position {
  const item = fields.object(value, path, ['receivedAt', 'origin', 'index']);
  const whole = (name: 'receivedAt' | 'index'): number =>
    fields.integer(item(name), `${path}.${name}`, { least: 0, most: MOST });
  return {
    receivedAt: millis(whole('receivedAt')),
    origin: fields.text(item('origin'), `${path}.origin`, /./),
    index: whole('index'),
  };
}

function openNumbers(value: unknown, path: string): Numbers {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw fields.refusal(path, 'an object', value);
  const numbers = new Map<string, string | number | null>();
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  for (const [name, entry] of entries) {
    if (entry !== null && typeof entry !== 'string' && typeof entry !== 'number')
      throw fields.refusal(`${path}.${name}`, 'a number, text or null', entry);
    numbers.set(name, entry);
  }
  return Object.fromEntries(numbers);
}
