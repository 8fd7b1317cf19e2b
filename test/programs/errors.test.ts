import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIENT_ERRORS, PROGRAM_ERRORS, PROGRAM_ID, programErrorOf } from '#client';

const folder = new URL('./', import.meta.url);
const tests = readdirSync(folder)
  .filter((file) => file.endsWith('.test.ts') && file !== 'errors.test.ts')
  .map((file) => readFileSync(new URL(file, folder), 'utf8'))
  .join('\n');

describe('the program’s errors', () => {
  it('are each expected by a test of this folder', () => {
    const missing = [...PROGRAM_ERRORS.keys()].filter((name) => !tests.includes(`'${name}'`));
    expect(missing).toEqual([]);
  });

  it('have consecutive codes from 6000 and one sentence each', () => {
    const errors = [...PROGRAM_ERRORS.values()];
    expect(errors.map(({ code }) => code)).toEqual(errors.map((_, at) => 6000 + at));
    for (const { message } of errors) expect(message).toMatch(/^[A-Z].*[^.]\.$/);
    expect(new Set(errors.map(({ message }) => message)).size).toBe(errors.length);
  });

  it('are found in logs, in messages and in the status of a transaction', () => {
    const error = PROGRAM_ERRORS.get('NotTheOwner');
    const code = error?.code ?? 0;
    const hex = code.toString(16);
    const line = `Program ${PROGRAM_ID.toBase58()} failed: custom program error: 0x${hex}`;
    const sentence = `Transaction simulation failed: Error processing Instruction 1: custom program error: 0x${hex}`;
    const status = { InstructionError: [1, { Custom: code }] };
    const found = [
      line,
      ['Program log: anything', line],
      new Error(sentence),
      new Error('wrapped', { cause: new Error(sentence) }),
      Object.assign(new Error('with logs'), { logs: [line] }),
      status,
      new Error('wrapped', { cause: status }),
    ].map(programErrorOf);
    expect(found).toEqual(Array(found.length).fill(error));
  });

  it('are not read into the failures of other programs', () => {
    const token = 'Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA failed: custom program error: 0x1';
    const others = [
      token,
      new Error('fetch failed'),
      null,
      undefined,
      6000,
      { InstructionError: [0, 'MissingAccount'] },
    ];
    expect(others.map(programErrorOf)).toEqual(others.map(() => null));
  });
});

describe('the client’s errors', () => {
  it('say what is wrong and what to do', () => {
    for (const sentence of Object.values(CLIENT_ERRORS)) expect(sentence).toMatch(/^[A-Z].*; .*\.$/);
  });
});
