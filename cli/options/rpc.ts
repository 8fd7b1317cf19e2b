import { InvalidArgumentError } from 'commander';

/** The URL of a chain's RPC. */
export function parseRpc(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('expected a URL that begins with http:// or https://');
  return text;
}

/** What errors call an RPC: without the provider's key that a path, a query or a password may be. */
export function rpcName(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'no URL';
}
