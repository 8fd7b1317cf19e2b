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
  const write = new VerdictWriter();
  const lines = [
    ...result.verdicts.map((verdict) => `{"poc":${write.poc(verdict)}}`),
    ...result.badlySigned.map((verdict) => `{"badly_signed":${write.report(verdict)}}`),
    '',
  ];
  return utf8.decode(lines.join('\n'));
}

/**
 * The canonical JSON of verdicts, name by name in their order: of so many small objects a general writer, which has to
 * sort and to look for what needs escaping, takes most of an epoch's time. Keys and hashes are hex, and need none.
 */
class VerdictWriter {
  readonly #origins = new Map<string, string>();

  poc({ payload, beacon, witnesses, others }: PocVerdict): string {
    const opening = beacon === null ? 'null' : this.report(beacon);
    return `{"beacon":${opening},"others":[${this.#reports(others)}],"payload":"${payload}","witnesses":[${this.#reports(witnesses)}]}`;
  }

  report(verdict: ReportVerdict): string {
    const { key, kind, note, numbers, position, reason, reportId, selected, side } = verdict;
    return (
      `{"key":"${key}","kind":"${kind}","note":${textOrNull(note)},"numbers":${numbersText(numbers)},` +
      `"position":{"index":${position.index},"origin":${this.#origin(position.origin)},"receivedAt":${position.receivedAt}},` +
      `"reason":${textOrNull(reason)},"reportId":"${reportId}","selected":${selected ? 'true' : 'false'},"side":${textOrNull(side)}}`
    );
  }

  #reports(verdicts: readonly ReportVerdict[]): string {
    return verdicts.map((verdict) => this.report(verdict)).join(',');
  }

  #origin(origin: string): string {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const text = canonicalText(origin);
    this.#origins.set(origin, text);
    return text;
  }
}

/** Of a word: no quotes, no escapes. */
function textOrNull(word: string | null): string {
  return word === null ? 'null' : `"${word}"`;
}

function numbersText(numbers: Numbers): string {
  let text = '';
  for (const name of Object.keys(numbers).sort()) {
    const value = numbers[name] ?? null;
    text += `${text === '' ? '' : ','}"${name}":${typeof value === 'string' ? JSON.stringify(value) : canonicalNumber(value)}`;
  }
  return `{${text}}`;
}

/** Whole numbers are written as they are read. */
function canonicalNumber(value: number | null): string {
  return value !== null && Number.isSafeInteger(value) && value !== 0 ? String(value) : canonicalText(value);
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
