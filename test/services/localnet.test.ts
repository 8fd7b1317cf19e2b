import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  sendAndConfirmTransaction,
  SystemProgram,
  SYSVAR_CLOCK_PUBKEY,
  Transaction,
} from '@solana/web3.js';
import { createMint, getMint } from '@solana/spl-token';
import {
  approveMaker,
  deployProgram,
  isDeployed,
  networkAddress,
  programErrorOf,
  sendInstructions,
} from '#client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clockBounds, correctionOf, holdClock } from '#services/localnet/clock';
import { inRestoreOrder } from '#services/localnet/snapshot';
import { committedProgram } from '../support/committed-program.ts';
import { startLocalnet, type Localnet } from '../support/localnet.ts';

let dataDir: string;
let localnet: Localnet;
let connection: Connection;
const payer = Keypair.generate();

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** fetch sets Host and Origin itself; the test needs its own. */
function post(body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port: localnet.port, host: '127.0.0.1', method: 'POST', headers: { ...JSON_TYPE, ...headers } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };

function call(method: string, params: readonly unknown[] = [], id = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

async function chainClockError(): Promise<number> {
  const account = await connection.getAccountInfo(SYSVAR_CLOCK_PUBKEY, 'processed');
  if (account === null) throw new Error('no Clock');
  return Math.abs(Number(account.data.readBigInt64LE(32)) - Date.now() / 1000);
}

async function fund(): Promise<void> {
  const signature = await connection.requestAirdrop(payer.publicKey, 100 * LAMPORTS_PER_SOL);
  await connection.confirmTransaction({ signature, ...(await connection.getLatestBlockhash()) }, 'confirmed');
}

function transfer(lamports: number): Promise<string> {
  const to = Keypair.generate().publicKey;
  const instruction = SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports });
  return sendAndConfirmTransaction(connection, new Transaction().add(instruction), [payer]);
}

/** The status line of a websocket handshake. */
function handshake(headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port: localnet.port + 1,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end();
  });
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'coverant-localnet-'));
  localnet = await startLocalnet({ dataDir });
  connection = new Connection(localnet.rpcUrl, 'confirmed');
  await fund();
});

afterAll(async () => {
  await localnet.stop();
  await rm(dataDir, { recursive: true });
});

describe('the gateway', () => {
  it('lets web3.js send a transaction and see its confirmation over the websocket', async () => {
    const signature = await transfer(LAMPORTS_PER_SOL);
    const status = await connection.getSignatureStatus(signature);
    expect(status.value?.err).toBeNull();
  });

  it('refuses every method of the engine that a node does not have', async () => {
    for (const method of ['surfnet_setAccount', 'surfnet_timeTravel', 'exit', 'loadPlugin', 'setLogFilter']) {
      const { text } = await post(call(method));
      expect(JSON.parse(text)).toMatchObject({ id: 1, error: { code: -32601 } });
    }
  });

  it('answers a batch in order, the refused call of it included', async () => {
    const batch = [call('getSlot', [], 7), call('surfnet_pauseClock', [], 8), call('getHealth', [], 9)];
    const { status, text } = await post(`[${batch.join(',')}]`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject([
      { id: 7, jsonrpc: '2.0' },
      { id: 8, error: { code: -32601 } },
      { id: 9, result: 'ok' },
    ]);
  });

  it('gives the time of transactions and blocks in seconds', async () => {
    const signature = await transfer(LAMPORTS_PER_SOL);
    const transaction = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 });
    const block = await connection.getBlock(transaction?.slot ?? 0, { maxSupportedTransactionVersion: 0 });
    const now = Date.now() / 1000;
    expect(Math.abs((transaction?.blockTime ?? 0) - now)).toBeLessThan(3);
    expect(Math.abs((block?.blockTime ?? 0) - now)).toBeLessThan(3);
  });

  it('encodes a block as JSON where the request names no encoding', async () => {
    const signature = await transfer(LAMPORTS_PER_SOL);
    const slot = (await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 }))?.slot;
    const { text } = await post(call('getBlock', [slot, { commitment: 'confirmed' }]));
    expect(text).toContain('"accountKeys":[');
    expect(text).toContain(signature);
  });

  it('passes whole numbers above 2^53 unchanged', async () => {
    const { text } = await post(call('getAccountInfo', [payer.publicKey.toBase58(), { encoding: 'base64' }]));
    expect(text).toMatch(/"rentEpoch":(0|18446744073709551615)\b/);
  });

  it('answers pages of this machine and refuses those of others', async () => {
    const slot = call('getSlot');
    expect((await post(slot, { origin: 'http://localhost:3000' })).status).toBe(200);
    expect((await post(slot, { origin: 'https://example.com' })).status).toBe(403);
    expect((await post(slot, { origin: 'null' })).status).toBe(403);
    expect((await post(slot, { host: 'rebound.example.com' })).status).toBe(403);
    expect(await handshake({})).toBe(101);
    expect(await handshake({ origin: 'http://127.0.0.1:3000' })).toBe(101);
    expect(await handshake({ origin: 'https://example.com' })).toBe(403);
    expect(await handshake({ host: 'rebound.example.com' })).toBe(403);
  });

  it('refuses bodies that are too large, not JSON, or no batch', async () => {
    expect((await post('x'.repeat(300_000))).status).toBe(413);
    expect((await post('{')).status).toBe(400);
    expect((await post('[]')).status).toBe(400);
    expect((await post(call('getSlot'), { 'content-type': 'text/plain' })).status).toBe(415);
    expect(JSON.parse((await post('{"id":1}')).text)).toMatchObject({ error: { code: -32600 } });
  });
});

describe('the clock', () => {
  it("is this machine's, and is so again after the process was suspended", async () => {
    expect(await chainClockError()).toBeLessThan(3);
    localnet.child.kill('SIGSTOP');
    await sleep(6_000);
    localnet.child.kill('SIGCONT');
    await expect.poll(chainClockError, { timeout: 10_000 }).toBeLessThan(3);
    await transfer(LAMPORTS_PER_SOL);
  });

  it('bounds a difference by samples in whole seconds', () => {
    const bounds = clockBounds([
      { unixTime: 100, askedAt: 100_300, answeredAt: 100_310 },
      { unixTime: 101, askedAt: 100_800, answeredAt: 100_810 },
    ]);
    expect(bounds).toEqual({ least: 190, most: 700 });
  });

  it('pauses a chain that is ahead and skips slots of one that is behind', () => {
    expect(correctionOf({ least: 450, most: 900 }, 400)).toEqual({ kind: 'pause', ms: 450 });
    expect(correctionOf({ least: -900, most: 150 }, 400)).toEqual({ kind: 'none' });
    expect(correctionOf({ least: -3_000, most: -2_100 }, 400)).toEqual({ kind: 'skip', slots: 5 });
  });
});

describe('a chain that is behind', () => {
  /** A chain whose clock stands at 0 and that is in slot 77 when it is asked first, in `slots` later on. */
  async function held(slots: number): Promise<readonly string[]> {
    const stop = new AbortController();
    const said: string[] = [];
    let asked = 0;
    const call = (method: string): Promise<unknown> => {
      if (method === 'getAccountInfo')
        return Promise.resolve({ value: { data: [Buffer.alloc(40).toString('base64')] } });
      if (method === 'surfnet_timeTravel') return Promise.reject(new Error('Cannot travel to past slot'));
      asked += 1;
      if (asked > 1) stop.abort();
      return Promise.resolve(asked > 1 ? slots : 77);
    };
    const say = (line: string): number => said.push(line);
    await holdClock({ call, slotMs: Date.now() / 3, signal: stop.signal, say });
    return said;
  }

  it('may come past the slot to which it should skip by itself, but not stay before it', async () => {
    const said = await held(81);
    expect(said).toHaveLength(1);
    await expect(held(78)).rejects.toThrow('Cannot travel');
  });
});

describe('a restart', () => {
  it('continues from what was written when the chain was stopped, programs that can be called included', async () => {
    const mint = await createMint(connection, payer, payer.publicKey, null, 8);
    const { programKeypair, so } = await committedProgram();
    await deployProgram({ connection, payer, programKeypair, so });
    const before = await connection.getBalance(payer.publicKey);
    const genesisHash = await connection.getGenesisHash();
    await localnet.stop();

    localnet = await startLocalnet({ dataDir });
    connection = new Connection(localnet.rpcUrl, 'confirmed');
    expect(await connection.getBalance(payer.publicKey)).toBe(before);
    expect(await connection.getGenesisHash()).toBe(genesisHash);
    expect((await getMint(connection, mint)).mintAuthority).toEqual(payer.publicKey);
    expect(await chainClockError()).toBeLessThan(3);
    expect(await isDeployed(connection, programKeypair.publicKey, so)).toBe(true);
    // A program that was restored wrongly is there and does nothing: only its own refusal shows that it ran.
    const key = payer.publicKey;
    const network = networkAddress(key, 'nowhere');
    const approve = approveMaker({ authority: key, network, key, approved: true });
    const sent = sendInstructions(connection, { instructions: [approve], payer });
    await expect(sent.catch(programErrorOf)).resolves.not.toBeNull();
    await expect(sent).rejects.toThrow(/number=6\d\d\d/);
  });

  it('continues from the last snapshot when the chain was killed', async () => {
    await transfer(LAMPORTS_PER_SOL);
    const expected = await connection.getBalance(payer.publicKey);
    const file = join(dataDir, 'localnet', 'snapshot.json');
    await expect
      .poll(() => readFile(file, 'utf8'), { timeout: 20_000, interval: 200 })
      .toContain(`"lamports":${expected},`);
    await localnet.stop('SIGKILL');

    localnet = await startLocalnet({ dataDir });
    connection = new Connection(localnet.rpcUrl, 'confirmed');
    expect(await connection.getBalance(payer.publicKey)).toBe(expected);
  });

  it('refuses a damaged snapshot instead of beginning a new chain', async () => {
    const damaged = await mkdtemp(join(tmpdir(), 'coverant-localnet-'));
    const started = await startLocalnet({ dataDir: damaged });
    await started.stop();
    await writeFile(join(damaged, 'localnet', 'snapshot.json'), '{"version":1,"accounts":{"a":{}}}');
    await expect(startLocalnet({ dataDir: damaged })).rejects.toThrow('exit code 1');
    await rm(damaged, { recursive: true });
  });

  it('sets programs after all data accounts', () => {
    const account = { lamports: 1, owner: 'BPFLoaderUpgradeab1e11111111111111111111111', data: '' };
    const order = inRestoreOrder(
      new Map([
        ['program', { ...account, executable: true }],
        ['programData', { ...account, executable: false }],
      ]),
    );
    expect(order.map(([address]) => address)).toEqual(['programData', 'program']);
  });
});
