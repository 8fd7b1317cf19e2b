import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection, PublicKey, TransactionInstruction } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attest,
  eventsOf,
  finalize,
  hotspotAddress,
  readBallot,
  readNetwork,
  sendInstructions,
} from '#client';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import type { Claimer } from '#services/claim/claimer';
import { readLatestBlock } from '#services/ingest/latest-block';
import { entropyData } from '#protocol/crypto/entropy';
import { openBlocks, type Blocks } from '#services/runtime/blocks';
import { openNetworkChain } from '#services/runtime/chain';
import { finalizedNewestFirst, openTupleSearch } from '#services/runtime/chain-history';
import { openEntropyCheck } from '#services/runtime/entropy-check';
import { createLogger } from '#services/runtime/logger';
import { readNetworkFile } from '#services/runtime/network-file';
import type { Oracle } from '#services/settle/oracle';
import { EPOCH_S, startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer, openLiveOracle, settleEpoch } from '../support/live-oracles.ts';
import { bytesReplaced, clockMoved, startLyingRpc, type Lie, type LyingRpc } from '../support/lying-rpc.ts';

const SEAT = 2;
const OTHER_CLUSTER = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG';

let live: LiveNetwork;
let liar: LyingRpc;
let honest: readonly Oracle[];
let claimer: Claimer;
/** Oracles of one seat: the liar is what they ask first, or what they compare with. */
let asks: Oracle;
let compares: Oracle;

const end = (epoch: number): number => live.firstEpochStart + (epoch + 1) * EPOCH_S;
const vote = async (): Promise<unknown> => (await readBallot(live.connection, live.network)).votes[SEAT];
const tupleOf = async (folder: string, epoch: number): Promise<Tuple> =>
  openTuple(new Uint8Array(await readFile(join(folder, `epochs/${epoch}/tuple.bin`))));

async function connect(rpcUrl: string): Promise<Connection> {
  const wsUrl = live.rpcUrl.replace('http', 'ws').replace(/\d+$/, (port) => String(Number(port) + 1));
  return openNetworkChain(await readNetworkFile(live.dataDir), { rpcUrl, wsUrl, timeoutMs: 1500 });
}

beforeAll(async () => {
  live = await startLiveNetwork();
  await live.writeEpochs(['busy', 'busy', 'busy', 'busy']);
  liar = await startLyingRpc(live.rpcUrl);
  honest = await Promise.all([0, 1].map((number) => openLiveOracle(live, number)));
  claimer = openLiveClaimer(live, [0, 1]);
  const [lying, truthful] = [await connect(liar.rpcUrl), await connect(live.rpcUrl)];
  asks = await openLiveOracle(live, SEAT, {
    folder: join(live.dataDir, 'asks'),
    connection: lying,
    crossCheck: [truthful],
  });
  compares = await openLiveOracle(live, SEAT, {
    folder: join(live.dataDir, 'compares'),
    connection: truthful,
    crossCheck: [lying],
  });
}, 90_000);

afterAll(async () => {
  await liar.close();
  await live.close();
});

/** A cell of another hotspot, a hotspot less, another past. */
async function liesOfAccounts(): Promise<readonly (readonly [string, Lie, RegExp])[]> {
  const [first, second] = live.hotspots;
  const { latest } = await readNetwork(live.connection, live.network);
  if (first === undefined || second === undefined || latest === null) throw new Error('too early');
  const cell = (value: bigint | null): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value ?? 0n);
    return bytes;
  };
  const account = hotspotAddress(live.network, first.key).toBase58();
  const leaveOut: Lie = { kind: 'account', change: (address, data) => (address === account ? null : data) };
  const moved = bytesReplaced(cell(first.facts.cell), cell(second.facts.cell));
  const other = bytesReplaced(Buffer.from(latest.tupleHash, 'hex'), Buffer.alloc(32, 7));
  return [
    ['a cell', moved, new RegExp(`account=${account} field=hotspot \\S+ cell ours=\\d+ theirs=\\d+`)],
    [
      'a hotspot left out',
      leaveOut,
      new RegExp(`account=${account} field=hotspot \\S+ ours=(absent|registered) `),
    ],
    [
      'the latest tuple hash',
      other,
      new RegExp(`account=${live.network.toBase58()} field=network.latest.tupleHash`),
    ],
  ];
}

describe('an oracle whose RPC lies', { timeout: 120_000 }, () => {
  it('takes no epoch for over that another RPC has not seen the end of', async () => {
    liar.lie = clockMoved(3600);
    await asks.turn();
    await compares.turn();
    liar.lie = null;
    for (const oracle of [asks, compares]) {
      expect(oracle.health()).toMatchObject({
        ok: true,
        computedEpoch: null,
        waiting: 'the end of the epoch',
      });
      expect(oracle.health().slowestRpcSeconds).toBeGreaterThan(3500);
      expect(oracle.health().slowestRpc).toBe(live.rpcUrl);
    }
    await live.until(end(0));
    await settleEpoch({ live, epoch: 0, oracles: honest, claimer });
    await live.until(end(1));
  });

  it('attests nothing while accounts differ, and names the RPC, the account and both values', async () => {
    const lies = await liesOfAccounts();
    for (const [name, lie, says] of lies)
      for (const oracle of [asks, compares]) {
        liar.lie = lie;
        await expect(oracle.turn(), name).rejects.toMatchObject({ code: 'rpc_differs' });
        expect(oracle.health().ok).toBe(false);
        expect(oracle.health().refusal, name).toMatch(says);
        expect(oracle.health().refusal).toContain(
          oracle === asks ? `first=${liar.rpcUrl}` : `rpc=${liar.rpcUrl}`,
        );
      }
    expect(await vote()).toBeNull();
  });

  it('attests nothing while one of them does not answer, or is of another cluster', async () => {
    const lies: readonly (readonly [Lie, string])[] = [
      [{ kind: 'server_error' }, 'chain_unreachable'],
      [{ kind: 'genesis_hash', hash: OTHER_CLUSTER }, 'cluster_differs'],
      [{ kind: 'garbage' }, 'chain_unreachable'],
      [{ kind: 'silence' }, 'chain_unreachable'],
    ];
    for (const [lie, code] of lies)
      for (const oracle of [asks, compares]) {
        liar.lie = lie;
        await expect(oracle.turn(), lie.kind).rejects.toMatchObject({ code, context: { rpc: liar.rpcUrl } });
        expect(oracle.health().ok).toBe(false);
      }
    expect(await vote()).toBeNull();
  });

  it('waits for one that is behind', async () => {
    liar.lie = clockMoved(-3600);
    for (const oracle of [asks, compares]) {
      await oracle.turn();
      expect(oracle.health()).toMatchObject({
        ok: true,
        waiting: 'the end of the epoch',
        slowestRpc: liar.rpcUrl,
      });
    }
    expect(await vote()).toBeNull();
  });

  it('holds nobody up, and goes on when all say the same again', async () => {
    await settleEpoch({ live, epoch: 1, oracles: honest, claimer });
    await live.until(end(2));
    expect(await vote()).toBeNull();
    liar.lie = null;
    for (const [oracle, folder] of [
      [asks, 'asks'],
      [compares, 'compares'],
    ] as const) {
      await expect
        .poll(
          async () => {
            await oracle.turn();
            return oracle.health().computedEpoch;
          },
          { timeout: 30_000, interval: 500 },
        )
        .toBe('2');
      expect(oracle.health()).toMatchObject({ ok: true, refusal: null });
      const [theirs, ours] = [oracleFolder(live, 0), join(live.dataDir, folder)];
      expect(await tupleOf(ours, 1)).toEqual(await tupleOf(theirs, 1));
    }
    const tuple = await tupleOf(join(live.dataDir, 'asks'), 2);
    expect(await vote()).toMatchObject({ epoch: 2n, tupleHash: tupleHash(tuple) });
  });
});

describe('an entropy that the chain contradicts', { timeout: 60_000 }, () => {
  it('keeps its epoch from being attested, and is said with both values', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    const blockhash = PublicKey.default.toBase58();
    const blocks: Blocks = {
      block: () => Promise.resolve({ blockhash, time: live.firstEpochStart, parentSlot: 0 }),
      newest: () => Promise.resolve(null),
      oldest: () => Promise.resolve({ slot: 0, time: 0 }),
      isSkipped: () => Promise.resolve(false),
    };
    const oracle = await openLiveOracle(live, SEAT, {
      folder: join(live.dataDir, 'doubts'),
      blocks,
      logger: createLogger({ stage: 'settle', level: 'error', destination }),
    });
    const refused = {
      code: 'entropy_differs',
      context: { epoch: 2n, field: 'blockhash', expected: blockhash },
    };
    await expect(oracle.turn()).rejects.toMatchObject(refused);
    await expect(oracle.turn()).rejects.toMatchObject(refused);
    expect(oracle.health().refusal).toMatch(
      /origin=settle-test\S+ index=\d+ field=blockhash found=\w+ expected=1+$/,
    );
    const said = lines.filter((line) => line.includes('an entropy is not what the chain says'));
    expect(said.length).toBeGreaterThan(0);
    expect(new Set(said.map((line) => /"index":(\d+)/.exec(line)?.[1])).size).toBe(said.length);
  });

  it('is found by the blocks of a node, in its blockhash, time and slot', async () => {
    const latest = await readLatestBlock(live.connection);
    if (latest.time === null) throw new Error('no block time');
    const check = openEntropyCheck(openBlocks(live.connection));
    const logged = (other: { slot?: bigint; timestamp?: number; blockhash?: Uint8Array; late?: number }) => {
      const timestamp = other.timestamp ?? latest.time ?? 0;
      const blockhash = other.blockhash ?? latest.blockhash;
      const receivedAt = (timestamp + (other.late ?? 0)) * 1000;
      const data = entropyData({ timestamp, blockhash });
      return { data, timestamp, version: 0, slot: other.slot ?? latest.slot, blockhash, receivedAt };
    };
    const honestly = logged({});
    const verdicts = await check.check([
      honestly,
      { ...honestly, data: new Uint8Array(32) },
      { ...honestly, blockhash: new Uint8Array(0) },
      logged({ blockhash: new Uint8Array(32).fill(7) }),
      logged({ timestamp: latest.time - 11 }),
      logged({ timestamp: latest.time + 61 }),
      logged({ late: 61 }),
      logged({ slot: latest.slot + 1_000_000n }),
      logged({ slot: 0n }),
    ]);
    expect(verdicts.map((verdict) => (verdict.kind === 'differs' ? verdict.field : verdict.kind))).toEqual([
      'ok',
      'data',
      'blockhash',
      'blockhash',
      'timestamp',
      'timestamp',
      'received_at',
      'unknown',
      'unknown',
    ]);
  });
});

describe('what the chain keeps of votes', { timeout: 120_000 }, () => {
  /** Instructions whose logs alone are more than the 10 kB that a node keeps of a transaction. */
  function noise(): readonly TransactionInstruction[] {
    const programId = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
    return Array.from(
      { length: 45 },
      (_, at) =>
        new TransactionInstruction({ programId, keys: [], data: Buffer.from(String.fromCharCode(65 + at)) }),
    );
  }

  async function eventsLogged(signature: string): Promise<readonly string[]> {
    const landed = await live.connection.getTransaction(signature, {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 0,
    });
    return eventsOf(landed?.meta?.logMessages ?? []).map(({ name }) => name);
  }

  it('is found in a transaction whose log was cut', async () => {
    const tuple = await tupleOf(join(live.dataDir, 'asks'), 2);
    const made: Tuple = { ...tuple, stateHash: 'ab'.repeat(32) as Hash };
    const [payer] = live.oracles.slice(SEAT);
    if (payer === undefined) throw new Error('no oracle');
    const { signature } = await sendInstructions(live.connection, {
      payer,
      commitment: 'finalized',
      instructions: [...noise(), attest({ oracle: payer.publicKey, tuple: made })],
    });
    expect(await eventsLogged(signature)).toEqual([]);
    const search = openTupleSearch(live.connection, live.network);
    expect(await search.find(tupleHash(made))).toEqual(made);
    expect(await search.find(tupleHash(tuple))).toEqual(tuple);
    expect(await search.find('cd'.repeat(32) as Hash)).toBeNull();
  });

  it('tells who voted for a final epoch where the log of its transaction was cut', async () => {
    const tuple = await tupleOf(join(live.dataDir, 'asks'), 2);
    for (const oracle of honest) await oracle.turn();
    const ripe = async (): Promise<string | undefined> =>
      (await readBallot(live.connection, live.network)).ripe?.tupleHash;
    await expect.poll(ripe, { timeout: 30_000 }).toBe(tupleHash(tuple));
    await live.until(Number((await readBallot(live.connection, live.network)).ripe?.since ?? 0n) + 3);
    const { signature } = await sendInstructions(live.connection, {
      payer: live.payer,
      commitment: 'finalized',
      instructions: [...noise(), finalize({ tuple })],
    });
    expect(await eventsLogged(signature)).toEqual([]);
    const { latest } = await readNetwork(live.connection, live.network);
    const found = [];
    for await (const epoch of finalizedNewestFirst(live.connection, live.network)) found.push(epoch);
    expect(found.map(({ epoch }) => epoch)).toEqual([2n, 1n, 0n]);
    expect(found[0]?.tupleHash).toBe(latest?.tupleHash);
    const names = (voters: readonly PublicKey[] | undefined): string[] =>
      (voters ?? []).map((voter) => voter.toBase58()).sort();
    expect(names(found[0]?.voters)).toEqual(names(latest?.voters));
  });

  it('is not known where the node lists a transaction that it no longer has', async () => {
    const search = openTupleSearch(new LosingConnection(live.rpcUrl, 'finalized'), live.network);
    await expect(search.find('cd'.repeat(32) as Hash)).rejects.toMatchObject({ code: 'history_unavailable' });
  });
});

/** A node that prunes transactions before the list of their signatures. */
class LosingConnection extends Connection {
  override getTransaction(): Promise<null> {
    return Promise.resolve(null);
  }
}
