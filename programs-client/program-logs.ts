import { PROGRAM_ID } from './idl.ts';

const PROGRAM = PROGRAM_ID.toBase58();

/** The "Program data:" payloads (base64) that this program logged itself, not another one that it ran under or called. */
export function dataOfProgram(logs: readonly string[]): readonly string[] {
  const running: string[] = [];
  const found: string[] = [];
  for (const line of logs) {
    const invoked = /^Program (\w+) invoke \[\d+\]$/.exec(line)?.[1];
    const data = /^Program data: (.+)$/.exec(line)?.[1];
    if (invoked !== undefined) running.push(invoked);
    else if (/^Program \w+ (success|failed)/.test(line)) running.pop();
    else if (data !== undefined && running.at(-1) === PROGRAM) found.push(data);
  }
  return found;
}
