import { InvalidArgumentError } from 'commander';

/** The URL of a chain's RPC. */
export function parseRpc(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('expected a URL that begins with http:// or https://');
  return text;
}
