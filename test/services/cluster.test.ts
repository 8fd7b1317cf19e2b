import { describe, expect, it } from 'vitest';
import { entropyData } from '#protocol/crypto/entropy';
import type { Block, Blocks } from '#services/runtime/blocks';
import { openChain, openNetworkChain } from '#services/runtime/chain';
import { guardCluster, type ClusterPin } from '#services/runtime/cluster';
import { openEntropyCheck, type LoggedEntropy } from '#services/runtime/entropy-check';
import { testAddress } from '../protocol/epoch/world.ts';

const URL = 'http://rpc.test/secret-key';
const PIN: ClusterPin = {
  genesisHash: 'ours',
  accounts: [
    { address: 'program', missing: 'program_missing' },
    { address: 'network', missing: 'network_missing' },
  ],
};

/** A node and what it was asked. */
function node(told: { genesisHash: string; absent?: string; status?: number }) {
  const asked: string[] = [];
  const ask = (_input: unknown, init?: RequestInit): Promise<Response> => {
    const { method, params } = JSON.parse(init?.body as string) as { method: string; params: unknown[] };
    asked.push(method);
    const result =
      method === 'getGenesisHash'
        ? told.genesisHash
        : { context: { slot: 1 }, value: params[0] === told.absent ? null : { data: ['', 'base64'] } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
    return Promise.resolve(new Response(body, { status: told.status ?? 200 }));
  };
  return { told, asked, ask };
}
const request = { method: 'POST', body: JSON.stringify({ method: 'getSlot', params: [] }) };

describe('a pinned connection', () => {
  it('asks for the cluster once, before anything else', async () => {
    const { asked, ask } = node({ genesisHash: 'ours' });
    const guarded = guardCluster(ask, { url: URL, pin: PIN });
    await Promise.all([guarded(URL, request), guarded(URL, request)]);
    expect(asked.filter((method) => method === 'getGenesisHash')).toHaveLength(1);
    expect(asked.slice(0, 3)).toEqual(['getGenesisHash', 'getAccountInfo', 'getAccountInfo']);
    expect(asked.slice(3)).toEqual(['getSlot', 'getSlot']);
  });

  it('passes nothing on to another cluster, and says both hashes without the key of the address', async () => {
    const { asked, ask } = node({ genesisHash: 'theirs' });
    const sent = guardCluster(ask, { url: URL, pin: PIN })(URL, request);
    await expect(sent).rejects.toMatchObject({
      code: 'cluster_differs',
      context: { rpc: 'http://rpc.test', found: 'theirs', expected: 'ours' },
    });
    expect(asked).toEqual(['getGenesisHash']);
  });

  it.each([
    ['program', 'program_missing'],
    ['network', 'network_missing'],
  ])('refuses a cluster without the %s', async (absent, code) => {
    const { ask } = node({ genesisHash: 'ours', absent });
    const sent = guardCluster(ask, { url: URL, pin: PIN })(URL, request);
    await expect(sent).rejects.toMatchObject({ code, context: { address: absent } });
  });

  it('asks again after a failed request, and after a minute', async () => {
    let now = 0;
    const { told, ask } = node({ genesisHash: 'ours' });
    const guarded = guardCluster(ask, { url: URL, pin: PIN, elapsed: () => now });
    await guarded(URL, request);
    told.genesisHash = 'theirs';
    await guarded(URL, request);
    now = 60_000;
    await expect(guarded(URL, request)).rejects.toMatchObject({ code: 'cluster_differs' });

    told.genesisHash = 'ours';
    await guarded(URL, request);
    told.status = 503;
    await guarded(URL, request);
    Object.assign(told, { status: 200, genesisHash: 'theirs' });
    await expect(guarded(URL, request)).rejects.toMatchObject({ code: 'cluster_differs' });
  });

  it('gives its own error through the client of the chain, and says that nobody answers where nobody does', async () => {
    const pin = { genesisHash: testAddress('genesis'), program: testAddress('p'), network: testAddress('n') };
    const nowhere = openNetworkChain(pin, { rpcUrl: 'http://127.0.0.1:1/key' });
    const said = { code: 'chain_unreachable', context: { rpc: 'http://127.0.0.1:1' } };
    await expect(nowhere.getSlot()).rejects.toMatchObject(said);
    await expect(openChain({ rpcUrl: 'http://127.0.0.1:1' }).getSlot()).rejects.toThrow('fetch failed');
  });
});

const TIME = 1_780_000_000;

function logged(other: Partial<LoggedEntropy> = {}): LoggedEntropy {
  const timestamp = other.timestamp ?? TIME;
  const blockhash = new Uint8Array(32).fill(1);
  const data = entropyData({ timestamp, blockhash });
  return { data, timestamp, version: 0, slot: 100n, blockhash, receivedAt: timestamp * 1000 + 20, ...other };
}

/** A node that has the block of slot 100, and what is said. */
function chain(told: Partial<Blocks> & { readonly found?: Block | null } = {}): Blocks & { asked: number } {
  const found = told.found === undefined ? { blockhash: HASH, time: TIME - 1, parentSlot: 99 } : told.found;
  const blocks = {
    asked: 0,
    block: () => {
      blocks.asked += 1;
      return Promise.resolve(found);
    },
    newest: () => Promise.resolve({ slot: 200, time: TIME + 40 }),
    oldest: () => Promise.resolve({ slot: 0, time: TIME - 1000 }),
    isSkipped: () => Promise.resolve(false),
    ...told,
  };
  return blocks;
}
const HASH = '4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi';

describe('an entropy', () => {
  const verdict = async (blocks: Blocks, entropy = logged()): Promise<unknown> =>
    (await openEntropyCheck(blocks).check([entropy]))[0];

  it('is compared once, and again a minute after the node did not know', async () => {
    let now = 0;
    const blocks = chain();
    const check = openEntropyCheck(blocks, () => now);
    expect(await check.check([logged(), logged()])).toEqual([{ kind: 'ok' }, { kind: 'ok' }]);
    await check.check([logged()]);
    expect(blocks.asked).toBeLessThanOrEqual(2);

    const forgetful = chain({ found: null });
    const patient = openEntropyCheck(forgetful, () => now);
    await patient.check([logged()]);
    await patient.check([logged()]);
    expect(forgetful.asked).toBe(1);
    now = 60_000;
    await patient.check([logged()]);
    expect(forgetful.asked).toBe(2);
    await patient.check([logged()], true);
    expect(forgetful.asked).toBe(3);
  });

  it('may be 60 s younger and 10 s older than its block, when it was made and when it came', async () => {
    const block = (time: number): Blocks => chain({ found: { blockhash: HASH, time, parentSlot: 99 } });
    expect(await verdict(block(TIME - 59))).toEqual({ kind: 'ok' });
    expect(await verdict(block(TIME - 61))).toMatchObject({ kind: 'differs', field: 'timestamp' });
    expect(await verdict(block(TIME + 10))).toEqual({ kind: 'ok' });
    expect(await verdict(block(TIME + 11))).toMatchObject({ kind: 'differs', field: 'timestamp' });
    const late = logged({ receivedAt: (TIME + 60) * 1000 });
    expect(await verdict(block(TIME - 1), late)).toMatchObject({ kind: 'differs', field: 'received_at' });
  });

  it('names no slot that has no block: one that was passed over, or that was not there in time', async () => {
    const skipped = chain({ found: null, isSkipped: () => Promise.resolve(true) });
    expect(await verdict(skipped)).toMatchObject({ kind: 'differs', field: 'slot', found: '100' });
    const future = chain({ found: null, newest: () => Promise.resolve({ slot: 99, time: TIME + 11 }) });
    expect(await verdict(future)).toMatchObject({ kind: 'differs', field: 'slot', found: '100' });
  });

  it('is unknown where the node has not come to it, has forgotten it or cannot be asked', async () => {
    const behind = chain({ found: null, newest: () => Promise.resolve({ slot: 99, time: TIME - 5 }) });
    const forgetful = chain({ found: null });
    const down = chain({ block: () => Promise.reject(new Error('fetch failed')) });
    for (const blocks of [behind, forgetful, down])
      expect(await verdict(blocks)).toMatchObject({ kind: 'unknown' });
  });

  it('of a block that even a node without it knows to be too old differs', async () => {
    const pruned = (time: number): Blocks =>
      chain({ found: null, oldest: () => Promise.resolve({ slot: 150, time }) });
    expect(await verdict(pruned(TIME - 61))).toMatchObject({ kind: 'differs', field: 'slot' });
    expect(await verdict(pruned(TIME - 50))).toMatchObject({ kind: 'unknown' });
    expect(await verdict(pruned(TIME + 500))).toMatchObject({ kind: 'unknown' });
  });

  it('is unknown to a chain whose history begins after it, though it has a slot of that number', async () => {
    const other = { blockhash: HASH, time: TIME + 500, parentSlot: 99 };
    const anew = chain({ found: other, oldest: () => Promise.resolve({ slot: 0, time: TIME + 400 }) });
    expect(await verdict(anew)).toEqual({
      kind: 'unknown',
      why: `the node's history begins at ${TIME + 400}`,
    });
    expect(await verdict(chain({ found: other }))).toMatchObject({ kind: 'differs' });
  });
});
