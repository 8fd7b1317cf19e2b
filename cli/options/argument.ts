import { InvalidArgumentError } from 'commander';
import { ProtocolError } from '#protocol/errors';

/** An argument as a reader of the protocol takes it; where it refuses, the parser's own error says what is expected. */
export function argument<Value>(read: () => Value, expected: string): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new InvalidArgumentError(expected);
  }
}
