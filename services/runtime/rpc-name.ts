/** What errors call an RPC: without the provider's key that a path, a query or a password may be. */
export function rpcName(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'no URL';
}
