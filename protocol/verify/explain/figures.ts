import type { Policy } from '../../policy.ts';

/** How a number is shown: instants, durations, lengths, frequencies, levels (d: tenths), its first digits, or as it is. */
export type Unit =
  | 'time_ms'
  | 'time_s'
  | 'ms'
  | 's'
  | 'm'
  | 'km'
  | 'hz'
  | 'ddbm'
  | 'dbm'
  | 'ddb'
  | 'bp'
  | 'count'
  | 'hex'
  | 'text';

type Figure = string | number | null;

/** Puts a text for each `{name}` into a sentence. */
export function fillSentence(template: string, show: (name: string) => string): string {
  return template.replaceAll(/\{([a-z0-9_.]+)\}/g, (_, name: string) => show(name));
}

/** Names that a sentence asks for. */
export function namesIn(template: string): readonly string[] {
  return [...template.matchAll(/\{([a-z0-9_.]+)\}/g)].map(([, name = '']) => name);
}

/** A number for people, exact; what is no number of its unit is shown as it is, for folders may say anything. */
export function showFigure(value: Figure, unit: Unit): string {
  if (value === null) return 'none';
  if (unit === 'hex') return `${String(value).slice(0, 8)}…`;
  if (unit === 'text') return String(value).replaceAll('_', ' ');
  if (!/^-?(0|[1-9]\d{0,19})$/.test(String(value))) return String(value);
  return FORMATS[unit](BigInt(value));
}

/** A policy's parameter by its path ("windows.entropy_s"); the name's last part says the unit. RangeError for no number. */
export function policyFigure(policy: Policy, path: string): string {
  let value: unknown = policy;
  for (const step of path.split('.')) {
    const fields = new Map<string, unknown>(Object.entries(value ?? {}));
    value = fields.get(step);
  }
  if (typeof value !== 'number') throw new RangeError(`the policy has no number ${path}`);
  return showFigure(value, policyUnit(path));
}

/** The unit of a policy's parameter, by the end of its name. */
export function policyUnit(path: string): Unit {
  const end = /_(ms|s|km|hz|bp)$/.exec(path)?.[1];
  return end === 'ms' || end === 's' || end === 'km' || end === 'hz' || end === 'bp' ? end : 'count';
}

/** An integer with a comma between its thousands. */
export function grouped(value: bigint): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** A time in whole milliseconds since the Unix epoch, as "2026-06-01 00:00:05.300 UTC"; whole seconds have no decimals. */
export function utcText(millis: number): string {
  const days = Math.floor(millis / DAY_MS);
  const rest = millis - days * DAY_MS;
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [Math.floor(rest / HOUR_MS), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  const fraction = rest % 1000 === 0 ? '' : `.${String(rest % 1000).padStart(3, '0')}`;
  const { year, month, day } = civilDay(days);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)} ${clock.map(two).join(':')}${fraction} UTC`;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const FORMATS: Readonly<Record<Exclude<Unit, 'hex' | 'text'>, (value: bigint) => string>> = {
  time_ms: (value) => utcText(Number(value)),
  time_s: (value) => utcText(1000 * Number(value)),
  ms: duration,
  s: (value) => duration(1000n * value),
  m: (value) => `${grouped(value)} m`,
  km: (value) => `${grouped(value)} km`,
  hz: (value) => (magnitude(value) < 1_000_000n ? `${scaled(value, 3)} kHz` : `${scaled(value, 6)} MHz`),
  ddbm: (value) => `${tenths(value)} dBm`,
  dbm: (value) => `${value} dBm`,
  ddb: (value) => `${tenths(value)} dB`,
  bp: (value) => `${scaled(value, 2)} %`,
  count: grouped,
};

/** Exact: hours, minutes and seconds that are not zero. */
function duration(millis: bigint): string {
  if (millis < 0n) return `-${duration(-millis)}`;
  if (millis < 1000n) return `${millis} ms`;
  if (millis < 600_000n) return `${scaled(millis, 3)} s`;
  const [hours, minutes, seconds] = [millis / 3_600_000n, (millis / 60_000n) % 60n, millis % 60_000n];
  const parts = [
    hours > 0n ? `${grouped(hours)} h` : '',
    minutes > 0n ? `${minutes} min` : '',
    seconds > 0n ? `${scaled(seconds, 3)} s` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function tenths(value: bigint): string {
  return `${value < 0n ? '-' : ''}${magnitude(value) / 10n}.${magnitude(value) % 10n}`;
}

/** value / 10^decimals without trailing zeros. */
function scaled(value: bigint, decimals: number): string {
  const digits = String(magnitude(value)).padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  const whole = `${value < 0n ? '-' : ''}${grouped(BigInt(digits.slice(0, -decimals)))}`;
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The Gregorian date of a day since 1970-01-01. A year begins in March here: the leap day is its last one. */
function civilDay(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}
