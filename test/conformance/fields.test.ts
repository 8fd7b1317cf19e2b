import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOL_ERRORS } from '#protocol/errors';
import { answerLine } from '../../scripts/conformance/answer.ts';
import { REFUSALS } from '../../scripts/conformance/refusal.ts';
import { ask, askText, codeOf, type Input, type Value } from './support/ask.ts';
import { examples } from './support/examples.ts';

interface Question {
  readonly op: string;
  readonly in: Input;
}

const good = examples
  .filter(({ answer }) => answer.includes('"ok":true'))
  .map(({ question }) => JSON.parse(question) as Partial<Question>)
  .filter((question): question is Question => question.in !== undefined);

const CODES = new Set(
  [...Object.keys(PROTOCOL_ERRORS), ...Object.keys(REFUSALS)].filter((code) => code !== 'internal'),
);

type Path = readonly (string | number)[];

/** Every place within a value, the value's own last. */
function pathsOf(value: Value, at: Path = []): Path[] {
  const below =
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, child]) => pathsOf(child, [...at, name]))
      : [];
  return [...below, at];
}

/** A copy with another value at a place, or without it. */
function changed(value: Value, [name, ...rest]: Path, to: Value | undefined): Value | undefined {
  if (name === undefined) return to;
  const entries = Object.entries(value ?? {}) as [string, Value][];
  const copied = entries.flatMap(([key, child]): [string, Value][] => {
    const next = key === String(name) ? changed(child, rest, to) : child;
    return next === undefined ? [] : [[key, next]];
  });
  return Array.isArray(value) ? copied.map(([, child]) => child) : Object.fromEntries(copied);
}

const WRONG: readonly Value[] = [
  null,
  true,
  -1,
  0.5,
  1e300,
  '',
  'zz',
  '-1',
  '1e5',
  '007',
  '99999999999999999999',
  '\ud800',
  '0'.repeat(5000),
  [],
  [[]],
  {},
  { '': {} },
];

/** Good, or an error with a code that says why. */
function expectAnswer(answer: ReturnType<typeof ask>, line: string): void {
  if (answer.ok) expect(answer.out, line).toBeTypeOf('object');
  else {
    expect(CODES, `${line} ${answer.error?.message ?? ''}`).toContain(answer.error?.code);
    expect(answer.error?.message.length, line).toBeGreaterThan(0);
  }
}

describe('every field of every op', { timeout: 120_000 }, () => {
  const places = good.flatMap((question) => pathsOf(question.in).map((path) => ({ question, path })));

  it('may hold anything: the answer is good or names a code', () => {
    expect(places.length).toBeGreaterThan(150);
    for (const { question, path } of places)
      for (const wrong of WRONG) {
        const line = JSON.stringify({ id: 1, op: question.op, in: changed(question.in, path, wrong) });
        expectAnswer(askText(line), line);
      }
  });

  it('is asked for where it is not said that it may be absent', () => {
    const optional = new Map([
      ['report.open', ['session_key']],
      ['beacon.payload', []],
      ['poc.judge', ['policy', 'state', 'deny', 'epoch']],
      ['reward.epoch', ['policy']],
    ]);
    for (const { op, in: input } of good)
      for (const name of Object.keys(input)) {
        if (optional.get(op)?.includes(name) === true) continue;
        const without = changed(input, [name], undefined) as Input;
        expect([op, name, codeOf(op, without)]).toEqual([op, name, 'malformed_input']);
      }
  });

  it('is asked for within hotspots, reports and shares too', () => {
    const optional = ['region', 'tier', 'status'];
    let asked = 0;
    for (const { op, in: input } of good.filter(({ op: name }) =>
      ['poc.judge', 'reward.epoch'].includes(name),
    ))
      for (const path of pathsOf(input)) {
        const [list, , name] = path;
        const named = list === 'beacon' || list === 'entropy' ? path[1] : name;
        const deepest = path.length === (list === 'beacon' || list === 'entropy' ? 2 : 3);
        const lists = ['beacon', 'entropy', 'witnesses', 'hotspots', 'shares'];
        if (!deepest || !lists.includes(String(list)) || optional.includes(String(named))) continue;
        const without = changed(input, path, undefined) as Input;
        expect([op, path, codeOf(op, without)]).toEqual([op, path, 'malformed_input']);
        asked += 1;
      }
    expect(asked).toBeGreaterThan(40);
  });

  it('of another type is named', () => {
    for (const { op, in: input } of good)
      for (const name of Object.keys(input)) {
        const { error } = ask(op, changed(input, [name], false) as Input);
        expect([op, error?.code]).toEqual([op, 'malformed_input']);
        expect(error?.message).toContain(`in.${name}:`);
      }
  });

  it('is read the same whatever stands beside it', () => {
    for (const { op, in: input } of good)
      expect(ask(op, { ...input, remark: 'not a field' })).toEqual(ask(op, input));
  });

  it('may be changed anywhere, twice', () => {
    const value = fc.oneof(fc.constantFrom(...WRONG), fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Value>);
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.nat(),
        value,
        value,
        ({ question, path }, at, first, second) => {
          const once = changed(question.in, path, first) ?? null;
          const others = pathsOf(once);
          const twice = changed(once, others[at % others.length] ?? [], second);
          const line = JSON.stringify({ op: question.op, in: twice });
          expectAnswer(askText(line), line);
        },
      ),
      { seed: 3, numRuns: 3000 },
    );
  });
});

describe('a line', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \t'],
    ['a list', '[1]'],
    ['text', '"op"'],
    ['null', 'null'],
    ['half of an object', '{"op":'],
    ['two objects', '{"op":"ops"} {"op":"ops"}'],
    ['NaN', '{"op":"ops","id":NaN}'],
    ['a deep nest', '['.repeat(200_000)],
    ['a deep id', `{"op":"ops","id":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
  ])('of %s is malformed', (_, line) => {
    expect(askText(line)).toMatchObject({ id: null, ok: false, error: { code: 'malformed_line' } });
  });

  it('of any bytes is answered by one line, and is malformed where it is no UTF-8', () => {
    const around = (middle: readonly number[]) =>
      Buffer.concat([Buffer.from('{"op":"'), Buffer.from(middle), Buffer.from('"}')]);
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
      expect(answerLine(around(bytes))).toMatch(/"malformed_line"/);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(answerLine(bytes)).toMatch(/^\{"id":null,"ok":false,"error":[^\n]+\}$/);
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it.each([
    ['an op that is not known', { op: 'key.prase', in: {} }, 'unknown_op'],
    ['the name of something else', { op: 'constructor', in: {} }, 'unknown_op'],
    ['no op', { in: {} }, 'malformed_input'],
    ['an op of another type', { op: ['ops'] }, 'malformed_input'],
    ['no input', { op: 'key.parse' }, 'malformed_input'],
    ['a list as input', { op: 'key.parse', in: [] }, 'malformed_input'],
  ])('with %s keeps its id', (_, line, code) => {
    for (const id of [7, 'seven', null, [1, { a: 2 }], true, 0.5])
      expect(askText(JSON.stringify({ ...line, id }))).toMatchObject({ id, ok: false, error: { code } });
  });

  it('may hold numbers that no double holds, and deep nests beside what is asked', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(askText(`{"op":"reward.units","in":{"n":1,"more":${deep},"big":1e999}}`).ok).toBe(true);
    expect(askText('{"op":"reward.units","in":{"n":1e999}}').error?.code).toBe('malformed_input');
    expect(askText('{"op":"reward.units","in":{"n":9007199254740993}}').error?.code).toBe('malformed_input');
    expect(askText('{"op":"geo.region","in":{"cell":631210990448411135}}').error?.code).toBe(
      'malformed_input',
    );
  });
});
