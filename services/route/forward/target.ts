import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';

/** Why a target is not spoken to; each sentence says what to do. */
export const TARGET_ERRORS = {
  malformed_target: 'The target is no address of the form that its kind takes; see docs/routing.md.',
  credentials_in_target: 'The target holds a user or password; give them in fields of their own.',
  private_target:
    "The target is in a private, local or reserved network; name a public one, or ask the router's operator to allow it.",
  unresolved_target: 'The name of the target has no address; check it.',
} as const;

export type TargetErrorCode = keyof typeof TARGET_ERRORS;

export class TargetError extends Error {
  readonly code: TargetErrorCode;

  constructor(code: TargetErrorCode, target: string, options?: ErrorOptions) {
    super(`${TARGET_ERRORS[code]} (${target.slice(0, 200)})`, options);
    this.name = 'TargetError';
    this.code = code;
  }
}

export interface TargetRules {
  /** Networks behind the router may be named by owners of devices: only for one's own machines. */
  readonly allowPrivate: boolean;
}

/** A URL that owners gave: one of the schemes, without credentials, and no address that is private by its text. */
export function requireTargetUrl(
  text: string,
  rules: TargetRules & { readonly schemes: readonly string[] },
): URL {
  if (text.length > 2000 || !URL.canParse(text)) throw new TargetError('malformed_target', text);
  const url = new URL(text);
  if (!rules.schemes.includes(url.protocol) || url.hostname === '')
    throw new TargetError('malformed_target', text);
  if (url.username !== '' || url.password !== '') throw new TargetError('credentials_in_target', url.host);
  requireTargetHost(hostOf(url), rules);
  return url;
}

/** A host that owners gave; names are looked at again when they have an address. */
export function requireTargetHost(host: string, rules: TargetRules): string {
  if (isIP(host) === 0 && !/^(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(host))
    throw new TargetError('malformed_target', host);
  const isPrivate = isIP(host) === 0 ? /(^|\.)localhost\.?$/i.test(host) : isPrivateAddress(host);
  if (isPrivate && !rules.allowPrivate) throw new TargetError('private_target', host);
  return host;
}

/** The host of a URL without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Looks a name up for one connection: what is checked is what is connected to, so that no name can change in between.
 * Refuses a name of which any address is private.
 */
export function guardedLookup(rules: TargetRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const refused = error ?? objectionTo(hostname, found, rules);
      const [first] = error === null ? found : [];
      if (refused !== null || first === undefined) callback(refused, '', 0);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

/** The addresses of a host, checked like `guardedLookup`; TargetError otherwise. */
export async function resolveTarget(host: string, rules: TargetRules): Promise<readonly LookupAddress[]> {
  return await new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, found) => {
      const refused =
        error === null
          ? objectionTo(host, found, rules)
          : new TargetError('unresolved_target', host, { cause: error });
      if (refused !== null) reject(refused);
      else resolve(found);
    });
  });
}

function objectionTo(host: string, found: readonly LookupAddress[], rules: TargetRules): TargetError | null {
  if (found.length === 0) return new TargetError('unresolved_target', host);
  if (rules.allowPrivate || !found.some(({ address }) => isPrivateAddress(address))) return null;
  return new TargetError('private_target', host);
}

/** Whether an IP address is anything but one of the public internet. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.split('%')[0] ?? '';
  // BlockList takes IPv4 addresses that are written as IPv6 ones for what they are.
  return NOT_PUBLIC.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

const NOT_PUBLIC = new BlockList();
for (const net of [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // Translated and tunnelled IPv4 (NAT64, Teredo, 6to4) could lead to any of the above.
  ...['::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
  ...['fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
]) {
  const [address = '', bits] = net.split('/');
  NOT_PUBLIC.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
}
