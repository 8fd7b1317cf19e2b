import type { Connection, PublicKey } from '@solana/web3.js';
import { ClientError } from '#client';
import { registryBytes, registryHash, type RegistryTable } from '#protocol/settle/registry';
import type { Address, EpochNumber } from '#protocol/units';
import { pause } from '#services/runtime/chain-retry';
import { Outage } from '#services/runtime/outage';
import { rpcName } from '#services/runtime/rpc-name';
import { registryDifference, viewDifference, type ChainDifference } from './chain-difference.ts';
import { readChainView, readRegistryTable, type ChainView } from './chain-view.ts';

/** The chain as several RPCs tell it: what one of them contradicts, or does not answer, is not used. */
export interface CheckedChain {
  /**
   * Network and Ballot as all have them, with the clock of the RPC that is furthest behind: what has not ended there
   * has not ended. Throws Outage: rpc_differs with both values, chain_behind, chain_unreachable, chain_unreadable.
   */
  view(): Promise<ChainView>;
  /** The registry of an ended epoch as all have it; throws as view does. */
  registry(input: {
    readonly view: ChainView;
    readonly epoch: EpochNumber;
    readonly voters: readonly Address[];
  }): Promise<RegistryTable>;
  /** How far the RPC that is furthest behind is behind the newest, when they were asked last. */
  lag(): { readonly rpc: string; readonly seconds: number };
}

interface Rpc {
  readonly name: string;
  readonly connection: Connection;
  /** What it said, oldest first, while it is compared; the newest stays. */
  said: readonly ChainView[];
}

/** Nodes see the same block within a second or two of each other: what differs is read again for that long. */
const READINGS = 8;
const READ_AGAIN_MS = 400;

/** The first connection is the one that everything else is asked of. */
export function openCheckedChain(options: {
  readonly connections: readonly Connection[];
  readonly network: PublicKey;
  readonly signal: AbortSignal;
}): CheckedChain {
  const { network, signal } = options;
  const rpcs = options.connections.map((connection): Rpc => ({
    name: rpcName(connection.rpcEndpoint),
    connection,
    said: [],
  }));
  const [first, ...others] = rpcs;
  if (first === undefined) throw new RangeError('a chain needs an RPC');

  const readAll = async (): Promise<void> => {
    const views = await Promise.all(
      rpcs.map((rpc) => asked(rpc, () => readChainView(rpc.connection, network))),
    );
    for (const [at, view] of views.entries()) {
      const rpc = rpcs[at];
      if (rpc !== undefined) rpc.said = [...rpc.said, view];
    }
  };

  const view = async (): Promise<ChainView> => {
    for (const rpc of rpcs) rpc.said = [];
    for (let left = READINGS; ; left -= 1) {
      signal.throwIfAborted();
      await readAll();
      const contradiction = others
        .map((other) => contradictionOf(first, other))
        .find((each) => each !== null);
      if (contradiction === undefined)
        return { ...newest(first), unixTime: Math.min(...rpcs.map((rpc) => newest(rpc).unixTime)) };
      if (contradiction.isProven || left === 1) throw contradiction.error;
      await pause(READ_AGAIN_MS, signal);
    }
  };

  return {
    view,
    async registry(input) {
      const read = (rpc: Rpc): Promise<RegistryTable> =>
        asked(rpc, () => {
          const own = { ...input, view: { ...input.view, slot: newest(rpc).slot } };
          return readRegistryTable(rpc.connection, own);
        });
      const [ours, ...theirs] = await Promise.all(rpcs.map(read));
      if (ours === undefined) throw new RangeError('a chain needs an RPC');
      const hash = registryHash(registryBytes(ours));
      for (const [at, table] of theirs.entries()) {
        const theirHash = registryHash(registryBytes(table));
        if (theirHash === hash) continue;
        const difference = registryDifference(network, ours, table);
        throw differs(others[at]?.name ?? '', first.name, {
          account: network.toBase58(),
          field: 'registry',
          ours: hash,
          theirs: theirHash,
          ...difference,
        });
      }
      return ours;
    },
    lag() {
      const times = rpcs.flatMap(({ name, said }) => {
        const last = said.at(-1);
        return last === undefined ? [] : [{ rpc: name, unixTime: last.unixTime }];
      });
      const slowest = times.reduce((a, b) => (b.unixTime < a.unixTime ? b : a), {
        rpc: first.name,
        unixTime: Infinity,
      });
      const latest = Math.max(...times.map(({ unixTime }) => unixTime));
      return { rpc: slowest.rpc, seconds: times.length === 0 ? 0 : latest - slowest.unixTime };
    },
  };
}

function newest(rpc: Rpc): ChainView {
  const view = rpc.said.at(-1);
  if (view === undefined) throw new RangeError('the view is read before what hangs on it');
  return view;
}

/**
 * null where two RPCs now say the same. What differs is no lag where one says it of a slot around which the other said
 * something else twice; until that is seen, the one with the lower slot may be behind.
 */
function contradictionOf(
  first: Rpc,
  other: Rpc,
): { readonly error: Outage; readonly isProven: boolean } | null {
  const [ours, theirs] = [newest(first), newest(other)];
  const difference = viewDifference(ours, theirs);
  if (difference === null) return null;
  const isProven = surrounds(first.said, theirs) || surrounds(other.said, ours);
  if (isProven || ours.slot === theirs.slot)
    return { error: differs(other.name, first.name, difference), isProven };
  const [late, ahead] = ours.slot < theirs.slot ? [first, other] : [other, first];
  const context = { rpc: late.name, slot: newest(late).slot, needed: newest(ahead).slot };
  return { error: new Outage('chain_behind', context), isProven };
}

/** Whether two readings of one RPC, equal to each other and not to `view`, lie around its slot. */
function surrounds(said: readonly ChainView[], view: ChainView): boolean {
  const after = said.at(-1);
  if (after === undefined || after.slot < view.slot) return false;
  return said
    .slice(0, -1)
    .some((before) => before.slot <= view.slot && viewDifference(before, after) === null);
}

function differs(rpc: string, first: string, difference: ChainDifference): Outage {
  return new Outage('rpc_differs', { rpc, first, ...difference });
}

/** Names the RPC in whatever fails. */
async function asked<Answer>({ name }: Rpc, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Outage) throw error;
    const code = error instanceof ClientError ? 'chain_unreadable' : 'chain_unreachable';
    throw new Outage(code, { rpc: name }, { cause: error });
  }
}
