import type { Receipt } from '#protocol/evidence/receipt';
import {
  isRouteSigned,
  LONGEST_ROUTE_S,
  openRouteRequest,
  privatePartHash,
  type RouteRequest,
} from '#protocol/route/route-request';
import { equalBytes } from '#protocol/evidence/merkle';
import type { Address } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { RouteRefusal } from '#services/route/api/refusals';
import type { TargetRules } from '#services/route/forward/target';
import type { Buyer, BuyerContext } from '#services/route/uplinks/buyer';
import { parsePrivatePart, requireForwardTarget, type PrivatePart } from './private-part.ts';
import type { RouteFiles, StoredRoute } from './route-files.ts';
import type { RouteTable } from './route-table.ts';

/** Routes of one owner, revoked ones too: what was revoked must be remembered. */
const MAX_ROUTES = 64;
/** Ranges and pairs of all owners. */
const MAX_ENTRIES = 2_000_000;
/** Each route to a broker holds a connection. */
const MAX_BROKERS = 2048;

export interface RegisterContext {
  readonly network: Address;
  readonly table: RouteTable;
  readonly files: RouteFiles;
  readonly buyer: Pick<Buyer, 'exclusive' | 'noteLogged'>;
  readonly append: BuyerContext['append'];
  readonly verify: VerifySignature;
  readonly rules: TargetRules;
  readonly now: () => number;
  /** Routes to brokers, of all owners. */
  readonly maxBrokers?: number;
}

/** Takes a route as its owner signed it, or throws a RouteRefusal or LogError; the receipt comes when both file and log have it. */
export async function registerRoute(
  posted: { readonly bytes: Uint8Array; readonly signature: Uint8Array; readonly private: unknown },
  context: RegisterContext,
): Promise<Receipt> {
  const { bytes, signature } = posted;
  const request = openRouteRequest(bytes);
  if (request.network !== context.network) throw new RouteRefusal('wrong_network', request.network);
  if (!isRouteSigned({ owner: request.owner, bytes, signature }, context.verify))
    throw new RouteRefusal('invalid_signature');
  requireTime(request, context.now());
  // A route that is revoked goes nowhere: its secrets need not be kept.
  const isRevoked = request.devAddrs.length === 0;
  const part = isRevoked ? null : privateOf(request, posted.private, context);
  const stored: StoredRoute = { request, bytes, signature, private: part };
  return await context.buyer.exclusive(async () => {
    requireRoom(stored, context);
    // The file first: were the record there alone, what this router buys for the older request would not count.
    await context.files.write(stored);
    const route = context.table.put(stored);
    const [receipt] = await context.append([{ kind: 'route', request: bytes, signature }]);
    if (receipt === undefined) throw new Error('the log answered no receipt');
    context.buyer.noteLogged(route, receipt);
    return receipt;
  });
}

function requireTime({ until }: RouteRequest, now: number): void {
  const left = until - now / 1000;
  if (left <= 0 || left > LONGEST_ROUTE_S) throw new RouteRefusal('route_over', `until ${until}`);
}

function privateOf(request: RouteRequest, value: unknown, { rules }: RegisterContext): PrivatePart {
  const part = parsePrivatePart(value);
  if (part === null) throw new RouteRefusal('malformed_private');
  if (privatePartHash(part) !== request.private)
    throw new RouteRefusal('private_mismatch', privatePartHash(part));
  requireForwardTarget(part.forward, rules);
  return part;
}

function requireRoom({ request, bytes, private: part }: StoredRoute, context: RegisterContext): void {
  const { table } = context;
  const routes = table.ofOwner(request.owner);
  const before = routes.find(({ route }) => route === request.route);
  // The same once more is for who did not get the answer.
  if (before !== undefined && request.sequence <= before.sequence && !equalBytes(bytes, before.request))
    throw new RouteRefusal('old_sequence', `known ${before.sequence}`);
  if (before === undefined && routes.length >= MAX_ROUTES)
    throw new RouteRefusal('too_many_routes', `${MAX_ROUTES}`);
  if (table.matcher.size + request.devAddrs.length + (part?.euis.length ?? 0) > MAX_ENTRIES)
    throw new RouteRefusal('router_full', 'ranges and pairs');
  if (part?.forward.kind === 'mqtt' && table.brokers >= (context.maxBrokers ?? MAX_BROKERS))
    throw new RouteRefusal('router_full', 'connections to brokers');
}
