import { ClientError } from '#client';
import { ProtocolError } from '#protocol/errors';
import { Outage } from '#services/runtime/outage';
import type { CannotCheckCode, CheckName } from './codes.ts';
import type { Difference, Finding } from './report.ts';

/** Ends a check with a difference. */
export class Disagreement extends Error {
  readonly difference: Difference;

  constructor(difference: Difference) {
    super(`${difference.check}: ${difference.where}`);
    this.name = 'Disagreement';
    this.difference = difference;
  }
}

/** Ends a check that cannot come to a result. */
export class CannotCheck extends Error {
  readonly code: CannotCheckCode;

  constructor(code: CannotCheckCode, why: string, options?: ErrorOptions) {
    super(why, options);
    this.name = 'CannotCheck';
    this.code = code;
  }
}

/** A file whose bytes are not what they must be says nothing about the network, only about the copy. */
export function damagedCopy(where: string, error: ProtocolError): CannotCheck {
  const { context } = error;
  const code = 'version' in context || context['field'] === 'version' ? 'unknown_version' : 'damaged_copy';
  return new CannotCheck(code, `${where}: ${error.message}`, { cause: error });
}

/** What a failed check becomes in the report; every error becomes something. */
export function findingOf(check: CheckName, error: unknown): Finding {
  if (error instanceof Disagreement) return { kind: 'differs', ...error.difference };
  return { kind: 'could_not_check', check, ...refusalOf(error) };
}

function refusalOf(error: unknown): { readonly code: CannotCheckCode; readonly why: string } {
  const why = messagesOf(error).join(': ');
  if (error instanceof CannotCheck) return { code: error.code, why: error.message };
  if (error instanceof Outage) return { code: error.code, why };
  if (error instanceof ClientError) return { code: 'chain_unreadable', why };
  if (error instanceof ProtocolError) return { code: damagedCopy('', error).code, why };
  return { code: isUnreachable(why) ? 'chain_unreachable' : 'failed', why };
}

/** fetch says "fetch failed" and keeps the reason in its cause. */
function messagesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  return error.cause === undefined ? [error.message] : [error.message, ...messagesOf(error.cause)];
}

function isUnreachable(message: string): boolean {
  return /fetch failed|ECONN|ENOTFOUND|EAI_AGAIN|timeout/i.test(message);
}
