import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  SystemProgram,
  type TransactionInstruction,
} from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ClientError,
  approveMaker,
  attest,
  attestationsOf,
  claim,
  createNetwork,
  createPayee,
  createTokenAccount,
  deployProgram,
  finalize,
  hotspotAddress,
  isDeployed,
  ledgerAddress,
  move,
  networkAddress,
  policyAt,
  programErrorOf,
  proposePolicy,
  readBallot,
  readClock,
  readHotspot,
  readHotspots,
  readLedger,
  readMaker,
  readMakers,
  readMotion,
  readMotions,
  readNetwork,
  readPayee,
  readPayees,
  readTokenBalance,
  readTokenSupply,
  registerHotspot,
  registerMessage,
  sendInstructions,
  type MotionName,
} from '#client';
import { EMPTY_ROOT } from '#protocol/evidence/merkle';
import { settlementTree } from '#protocol/settle/tree';
import { GENESIS_PARENT, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Hash } from '#protocol/units';
import { committedProgram } from '../support/committed-program.ts';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import { LOCATION, POLICY_HASH, hexHash, leaf, networkConfig } from '../support/litesvm-network.ts';
import { startLocalnet, type Localnet } from '../support/localnet.ts';

const { programKeypair, so } = await committedProgram();

describe('a cluster over RPC', { timeout: 120_000 }, () => {
  const [payer, owner] = [Keypair.generate(), Keypair.generate()];
  const network = networkAddress(payer.publicKey, 'on a cluster');
  const [ed, ecc] = [namedHotspot('ed', 'ed25519'), namedHotspot('ecc', 'p256')];
  const oracles = [1, 2, 3].map((n) => namedKeypair(`oracle ${n}`));
  let folder: string;
  let localnet: Localnet;
  let connection: Connection;
  const send = (instructions: readonly TransactionInstruction[], signers: readonly Keypair[] = []) =>
    sendInstructions(connection, { instructions, payer, signers });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coverant-cluster-'));
    localnet = await startLocalnet({ dataDir: folder });
    connection = new Connection(localnet.rpcUrl, 'confirmed');
    const signature = await connection.requestAirdrop(payer.publicKey, 1_000 * LAMPORTS_PER_SOL);
    for (;;) {
      const { value } = await connection.getSignatureStatuses([signature]);
      if (value[0]?.confirmationStatus === 'confirmed' || value[0]?.confirmationStatus === 'finalized') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  afterAll(async () => {
    await localnet.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('gets the program by transactions, once, and other bytes are noticed', async () => {
    expect(await isDeployed(connection, programKeypair.publicKey, so)).toBe(false);
    const input = { connection, payer, programKeypair, so };
    expect(await deployProgram(input)).toEqual({ deployed: true });
    expect(await deployProgram(input)).toEqual({ deployed: false });
    const other = Uint8Array.from(so);
    other.fill(1, -1);
    for (const bytes of [other, so.subarray(0, -8)])
      await expect(deployProgram({ ...input, so: bytes })).rejects.toMatchObject({ code: 'program_differs' });
  });

  it('holds a network, hotspots, payees and makers as the readers say', async () => {
    const { unixTime, slot } = await readClock(connection);
    expect(slot).toBeGreaterThan(0);
    const config = networkConfig({
      epochLengthS: 4n,
      challengeDelayS: 1,
      firstEpochStart: BigInt(unixTime),
      operations: payer.publicKey,
    });
    await send([createNetwork({ creator: payer.publicKey, name: 'on a cluster', config })]);
    for (const { key, sign } of [ed, ecc]) {
      const message = registerMessage({ owner: owner.publicKey, gateway: key, network });
      const instructions = registerHotspot({
        payer: payer.publicKey,
        owner: owner.publicKey,
        network,
        key,
        signature: sign(message),
        location: LOCATION,
      });
      await send(instructions, [owner]);
    }
    const maker = namedKeypair('maker').publicKey;
    await send([
      createPayee({ payer: payer.publicKey, network, address: payer.publicKey }),
      approveMaker({ authority: payer.publicKey, network, key: maker, approved: true }),
    ]);
    const state = await readNetwork(connection, network);
    expect(state).toMatchObject({ name: 'on a cluster', operations: payer.publicKey, latest: null });
    const { value: hotspots, slot: at } = await readHotspots(connection, state);
    expect(at).toBeGreaterThan(0);
    expect(hotspots.map(({ key }) => key).sort()).toEqual([ed.key, ecc.key].sort());
    expect(await readHotspot(connection, { network: state, key: ed.key })).toMatchObject({ key: ed.key });
    const unknown = namedHotspot('unknown', 'ed25519');
    expect(await readHotspot(connection, { network: state, key: unknown.key })).toBeNull();
    expect(await readPayees(connection, network)).toEqual([
      await readPayee(connection, { network, address: payer.publicKey }),
    ]);
    expect(await readPayee(connection, { network, address: owner.publicKey })).toBeNull();
    expect(await readMakers(connection, network)).toEqual([
      await readMaker(connection, { network, key: maker }),
    ]);
    expect(await readMaker(connection, { network, key: maker })).toMatchObject({
      key: maker,
      approved: true,
    });
    expect(await readTokenBalance(connection, { network, owner: owner.publicKey })).toBeNull();
    await expect(readNetwork(connection, owner.publicKey)).rejects.toMatchObject({ code: 'account_missing' });
    await expect(readNetwork(connection, ledgerAddress(network))).rejects.toMatchObject({
      code: 'malformed_account',
    });
  });

  it('holds motions and a pending policy as the readers say', async () => {
    const [oracle] = oracles;
    if (oracle === undefined) throw new Error('the network has three oracles');
    const motion: MotionName = {
      network,
      kind: 'quarantine',
      subject: hotspotAddress(network, ecc.key),
      nonce: 0n,
      evidence: { originHash: '44'.repeat(32) as Hash, index: 3n },
    };
    expect(await readMotion(connection, motion)).toBeNull();
    expect(await readMotions(connection, network)).toEqual([]);
    const policy = { hash: '55'.repeat(32) as Hash, creditPrice: 7n };
    const firstEpoch = epochNumber(1_000n);
    await send(
      [
        SystemProgram.transfer({
          fromPubkey: payer.publicKey,
          toPubkey: oracle.publicKey,
          lamports: LAMPORTS_PER_SOL,
        }),
        move({ oracle: oracle.publicKey, motion }),
        proposePolicy({ authority: payer.publicKey, network, policy, firstEpoch }),
      ],
      [oracle],
    );
    const found = await readMotion(connection, motion);
    expect(found).toMatchObject({ ...motion, openedBy: oracle.publicKey, votes: 1 });
    expect(await readMotions(connection, network)).toEqual([found]);
    const state = await readNetwork(connection, network);
    expect(state.pendingPolicy).toEqual({ policy, firstEpoch });
    expect([999n, 1_000n].map((epoch) => policyAt(state, epochNumber(epoch)).hash)).toEqual([
      POLICY_HASH,
      policy.hash,
    ]);
  });

  it('settles an epoch and pays a claim; events and refusals come back with their names', async () => {
    const tree = settlementTree({ network: network.toBase58() as Address, leaves: [leaf(ed, 300n)] });
    const { firstEpochStart, epochLengthS } = await readNetwork(connection, network);
    const tuple: Tuple = {
      network: network.toBase58() as Address,
      epoch: epochNumber(0n),
      parentTupleHash: GENESIS_PARENT,
      root: tree.root,
      leafCount: 1,
      cumulativeTotal: amount(300n),
      creditsRoot: hexHash(EMPTY_ROOT),
      creditsCount: 0,
      evidenceHash: '11'.repeat(32) as Hash,
      registryHash: '22'.repeat(32) as Hash,
      policyHash: POLICY_HASH,
      stateHash: '33'.repeat(32) as Hash,
    };
    await past(firstEpochStart + epochLengthS);
    const stranger = namedKeypair('stranger');
    const refused: unknown = await send([attest({ oracle: stranger.publicKey, tuple })], [stranger]).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(ClientError);
    expect(refused).toMatchObject({ code: 'transaction_failed', context: { name: 'NotAnOracle' } });
    expect(programErrorOf(refused)).toMatchObject({ name: 'NotAnOracle' });

    for (const oracle of oracles.slice(0, 2)) {
      const { signature } = await send([attest({ oracle: oracle.publicKey, tuple })], [oracle]);
      const landed = await connection.getTransaction(signature, {
        commitment: 'confirmed',
        maxSupportedTransactionVersion: 0,
      });
      expect(attestationsOf(landed?.meta?.logMessages ?? [])).toEqual([
        { name: 'Attested', oracle: oracle.publicKey, tuple },
      ]);
    }
    const { ripe } = await readBallot(connection, network);
    expect(ripe).toMatchObject({ epoch: 0n, tupleHash: tupleHash(tuple) });
    await past((ripe?.since ?? 0n) + 1n);
    // Equal transactions on one blockhash are one transaction: the second call answers with the first one's.
    const [one, two] = await Promise.all([send([finalize({ tuple })]), send([finalize({ tuple })])]);
    expect(two.signature).toBe(one.signature);
    expect((await readNetwork(connection, network)).latest?.tupleHash).toBe(tupleHash(tuple));

    const due = tree.prove(leaf(ed, 1n).key);
    await send([
      createTokenAccount({ payer: payer.publicKey, network, owner: owner.publicKey }),
      claim({
        network,
        subject: hotspotAddress(network, ed.key),
        destination: owner.publicKey,
        cumulative: 300n,
        index: due?.index ?? 0,
        proof: due?.proof ?? [],
      }),
    ]);
    expect(await readTokenBalance(connection, { network, owner: owner.publicKey })).toBe(300n);
    expect(await readTokenSupply(connection, network)).toBe(300n);
    expect(await readLedger(connection, network)).toMatchObject({ totalClaimed: 300n });
  });

  it('is told once about what it refuses, and never about what did not land', async () => {
    const broke = Keypair.generate();
    const transfer = SystemProgram.transfer({
      fromPubkey: broke.publicKey,
      toPubkey: payer.publicKey,
      lamports: LAMPORTS_PER_SOL,
    });
    const error: unknown = await send([transfer], [broke]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'transaction_failed' });
    expect(programErrorOf(error)).toBeNull();
    const stopped = sendInstructions(connection, {
      instructions: [transfer],
      payer,
      signers: [broke],
      signal: AbortSignal.abort(new Error('no longer wanted')),
    });
    await expect(stopped).rejects.toThrow('no longer wanted');
  });

  it.each([
    ['on the same blockhash', 0],
    ['on a new one where the old one has expired', 1_000],
  ])('sends again what was lost on its way, %s', async (_, blocksAhead) => {
    const sent: string[] = [];
    const losing = new Connection(localnet.rpcUrl, {
      commitment: 'confirmed',
      fetch: async (url, options) => {
        const call = callOf(options?.body);
        if (call.method === 'sendTransaction') {
          sent.push(String(call.params[0]));
          if (sent.length === 1) return answer(call.id, 'lost');
        }
        if (call.method === 'getBlockHeight' && sent.length === 1)
          return answer(call.id, (await connection.getBlockHeight()) + blocksAhead);
        return fetch(url, options);
      },
    });
    const to = Keypair.generate().publicKey;
    const lamports = LAMPORTS_PER_SOL;
    const transfer = SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: to, lamports });
    await sendInstructions(losing, { instructions: [transfer], payer });
    expect(await connection.getBalance(to)).toBe(lamports);
    expect(sent).toHaveLength(2);
  });

  const past = async (unixTime: bigint): Promise<void> => {
    while (BigInt((await readClock(connection)).unixTime) < unixTime)
      await new Promise((resolve) => setTimeout(resolve, 200));
  };
});

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

const callOf = (body: unknown): Call => {
  const parsed: unknown = typeof body === 'string' ? JSON.parse(body) : null;
  const { id, method, params }: Record<string, unknown> =
    parsed !== null && typeof parsed === 'object' ? { ...parsed } : {};
  return { id, method: String(method), params: Array.isArray(params) ? params : [] };
};

const answer = (id: unknown, result: unknown): Response =>
  new Response(JSON.stringify({ jsonrpc: '2.0', id, result }), {
    headers: { 'content-type': 'application/json' },
  });
