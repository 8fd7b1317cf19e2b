import picocolors from 'picocolors';
import { decimalText } from '#protocol/reward/decimal';
import { grouped, utcText } from '#protocol/verify/explain/figures';

export const COLUMNS = 100;
const TOKEN_DECIMALS = 8;
const LABEL = 14;

/** A label in bold, then text that goes on below itself. */
export function row(label: string, text: string): readonly string[] {
  return wrap(text, LABEL).map((line, at) =>
    at === 0 ? `${picocolors.bold(label.padEnd(LABEL))}${line}` : `${' '.repeat(LABEL)}${line}`,
  );
}

/** A line that belongs to the row above it. */
export function detail(text: string): readonly string[] {
  return wrap(text, LABEL + 2).map((line, at) => `${' '.repeat(at === 0 ? LABEL : LABEL + 2)}${line}`);
}

/** Breaks text between words so that lines have at most COLUMNS less `indent`. */
export function wrap(text: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS - indent) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Smallest units as tokens, with all decimals. */
export function tokens(amount: bigint): string {
  const [whole = '0', fraction = ''] = decimalText(amount, TOKEN_DECIMALS).split('.');
  return `${grouped(BigInt(whole))}.${fraction}`;
}

/** The beginning and the end of a key's text. */
export function shortKey(text: string): string {
  return `${text.slice(0, 8)}…${text.slice(-6)}`;
}

/** A time in whole seconds, without its date where that is the date of `near`. */
export function timeNear(millis: number, near?: number): string {
  const text = (time: number): string => utcText(Math.floor(time / 1000) * 1000).replace(' UTC', '');
  const [date = '', clock = ''] = text(millis).split(' ');
  return near !== undefined && text(near).startsWith(date) ? clock : `${date} ${clock}`;
}

/** A span in its two largest units. */
export function roughSpan(millis: number): string {
  const seconds = Math.round(millis / 1000);
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ');
}
