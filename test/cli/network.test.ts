import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Keypair, LAMPORTS_PER_SOL, type Connection } from '@solana/web3.js';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  attest,
  createNetwork,
  deployProgram,
  networkAddress,
  readBallot,
  readClock,
  readNetwork,
  sendInstructions,
} from '#client';
import { EMPTY_ROOT } from '#protocol/evidence/merkle';
import { GENESIS_PARENT, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { exitCodeOf } from '../../cli/exit-code.ts';
import { errorLine } from '../../cli/exit.ts';
import { program } from '../../cli/program.ts';
import { committedProgram } from '../support/committed-program.ts';
import { namedKeypair } from '../support/litesvm-hotspot.ts';
import { POLICY_HASH, hexHash, networkConfig } from '../support/litesvm-network.ts';
import { startLocalnet, type Localnet } from '../support/localnet.ts';

const NAME = 'on a cluster';
const NOWHERE = 'http://127.0.0.1:1/?api-key=s3cret';
const [creator, successor] = [Keypair.generate(), Keypair.generate()];
const guardian = namedKeypair('guardian');
const oracles = [1, 2, 3].map((n) => namedKeypair(`oracle ${n}`));
const [first = creator, second = creator, third = creator] = oracles;
const incoming = [3, 4, 5].map((n) => namedKeypair(`oracle ${n}`));
const network = networkAddress(creator.publicKey, NAME);
let dir: string;
let localnet: Localnet;
let connection: Connection;

const hash = hexHash(EMPTY_ROOT);
const tuple: Tuple = {
  network: network.toBase58() as Address,
  epoch: epochNumber(0n),
  parentTupleHash: GENESIS_PARENT,
  root: hash,
  leafCount: 0,
  cumulativeTotal: amount(0n),
  creditsRoot: hash,
  creditsCount: 0,
  evidenceHash: hash,
  registryHash: hash,
  policyHash: POLICY_HASH,
  stateHash: hash,
};

const keyFile = async (name: string, key: Keypair): Promise<string> => {
  const file = join(dir, name);
  await writeFile(file, JSON.stringify([...key.secretKey]), { mode: 0o600 });
  return file;
};

/** What `npx coverant network ...` prints, or the error line and the exit code with which it ends. */
async function run(...args: readonly string[]): Promise<string> {
  return await runAt(localnet.rpcUrl, ...args);
}
async function runAt(rpc: string, ...args: readonly string[]): Promise<string> {
  const said: unknown[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => said.push(line));
  const place = ['--network', network.toBase58(), '--rpc', rpc];
  try {
    await (await program()).parseAsync(['network', ...args, ...place], { from: 'user' });
    return said.join('\n');
  } catch (error) {
    return `${exitCodeOf(error)} ${errorLine(error)}`;
  }
}
afterEach(() => {
  vi.restoreAllMocks();
});

const ripen = async (): Promise<void> => {
  for (const oracle of [first, second])
    await sendInstructions(connection, {
      payer: oracle,
      instructions: [attest({ oracle: oracle.publicKey, tuple })],
    });
};
/** Until the chain's clock has reached a second. */
const until = async (time = 0n): Promise<void> => {
  while ((await readClock(connection, 'confirmed')).unixTime < time) await sleep(100);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-network-'));
  localnet = await startLocalnet({ dataDir: dir });
  connection = openChain({ rpcUrl: localnet.rpcUrl, commitment: 'confirmed' });
  const keys = [creator, successor, guardian, ...oracles, ...incoming];
  await Promise.all(keys.map((key) => connection.requestAirdrop(key.publicKey, 100 * LAMPORTS_PER_SOL)));
  await deployProgram({ connection, payer: creator, ...(await committedProgram()) });
  const { unixTime } = await readClock(connection, 'confirmed');
  const config = networkConfig({
    // Epoch 0 is over, and what is ripe stays so for the whole test.
    epochLengthS: 4_000n,
    firstEpochStart: BigInt(unixTime - 4_001),
    challengeDelayS: 1_000,
    timelockS: 1,
    guardianVetoes: 1,
  });
  await sendInstructions(connection, {
    payer: creator,
    instructions: [createNetwork({ creator: creator.publicKey, name: NAME, config })],
  });
});
afterAll(async () => {
  await localnet.stop();
  await rm(dir, { recursive: true, force: true });
});

const authority = async (): Promise<readonly string[]> => ['--authority', await keyFile('a', creator)];
const key = async (of: Keypair): Promise<readonly string[]> => ['--key', await keyFile('k', of)];

describe('coverant network', () => {
  it('shows who decides, and that nothing is ripe', async () => {
    const shown = await run('show');
    expect(shown).toContain(`network ${network.toBase58()} "${NAME}", at 20`);
    expect(shown.split('\n').slice(1)).toEqual([
      `authority ${creator.publicKey.toBase58()}`,
      `guardian ${guardian.publicKey.toBase58()}, 1 of 1 vetoes left until an epoch is final`,
      'oracles that vote now: generation 1, 2 of 3 needed',
      ...oracles.map(({ publicKey }) => `  ${publicKey.toBase58()} has no vote`),
      'no epoch is final',
      'nothing is ripe',
    ]);
  });

  it('lets oracles veto what is ripe until enough have, and the guardian at once', async () => {
    const against = ['veto', '0', tupleHash(tuple)];
    expect(await run(...against, ...(await key(third)))).toMatch(/^1 transaction_failed: .*NothingRipe/);
    await ripen();
    expect(await run(...against, ...(await key(third)))).toMatch(/^the veto counts; more oracles must veto/);
    const shown = await run('show');
    expect(shown).toContain(`  ${first.publicKey.toBase58()} votes for epoch 0, tuple ${tupleHash(tuple)}\n`);
    expect(shown).toMatch(
      new RegExp(`ripe: epoch 0, tuple ${tupleHash(tuple)}, can be final from 20.* on, 1 of 2 vetoes`),
    );
    expect(await run(...against, ...(await key(second)))).toMatch(/^what was ripe is taken back/);
    await ripen();
    expect(await run(...against, ...(await key(guardian)))).toMatch(/^what was ripe is taken back/);
    expect((await readBallot(connection, network)).ripe).toBeNull();
    expect(await run('show')).toContain('0 of 1 vetoes left');
    await ripen();
    expect(await run(...against, ...(await key(guardian)))).toMatch(/^1 .*GuardianVetoesSpent/);
    for (const oracle of [first, third]) await run(...against, ...(await key(oracle)));
  });

  it('rotates the oracles', async () => {
    const keys = incoming.map(({ publicKey }) => publicKey.toBase58());
    const propose = ['propose-oracles', ...keys, '--threshold', '2', ...(await authority())];
    expect(await run('apply-oracles', ...(await key(first)))).toMatch(/^1 .*NoOraclesPending/);
    expect(await run(...propose)).toMatch(
      /^the oracles of generation 2 vote from 20.*Z on \(transaction \w+\)$/,
    );
    await until((await readNetwork(connection, network)).pendingOracles?.from);
    const shown = await run('show');
    expect(shown).toContain('oracles that vote now: generation 2, 2 of 3 needed\n');
    expect(shown).toMatch(
      /pending oracles: generation 2, 2 of 3 needed, in force since 20.*, not applied yet/,
    );
    expect(await run(...propose)).toMatch(/^1 .*OraclesNotApplied/);
    expect(await run('apply-oracles', ...(await key(first)))).toMatch(
      /^the oracles are those of generation 2/,
    );
    expect(await run('show')).not.toContain('pending');
  });

  it('sets another guardian, or none', async () => {
    const next = successor.publicKey.toBase58();
    expect(await run('set-guardian', next, ...(await authority()))).toMatch(
      new RegExp(`^the guardian is ${next} from 20.*Z on`),
    );
    await until((await readNetwork(connection, network)).pendingGuardian?.from);
    expect(await run('show')).toContain(`guardian ${next}, `);
    expect(await run('set-guardian', 'none', ...(await authority()))).toMatch(
      /^the guardian is none from 20/,
    );
  });

  it('hands the authority over in two steps', async () => {
    const to = successor.publicKey.toBase58();
    const offer = ['transfer-authority', to, ...(await authority())];
    expect(await run('transfer-authority', 'none', ...(await authority()))).toMatch(
      /^the authority is offered to nobody/,
    );
    expect(await run('accept-authority', ...(await key(successor)))).toMatch(/^1 .*NotThePendingAuthority/);
    expect(await run(...offer)).toMatch(new RegExp(`^${to} may accept the authority from 20.*Z on`));
    expect(await run('show')).toMatch(new RegExp(`\n  ${to} may accept from 20.*Z on\n`));
    await until((await readNetwork(connection, network)).pendingAuthority?.from);
    expect(await run('accept-authority', ...(await key(successor)))).toMatch(
      new RegExp(`^the authority is ${to}`),
    );
    expect(await run(...offer)).toMatch(/^1 .*NotTheAuthority/);
  });

  it('refuses what is no oracle set before it reads a key or asks the chain', async () => {
    const [one = '', two = '', three = ''] = oracles.map(({ publicKey }) => publicKey.toBase58());
    const many = Array.from({ length: 17 }, (_, n) => namedKeypair(`oracle ${n}`).publicKey.toBase58());
    for (const [keys, threshold] of [
      [[one, two, one], '2'],
      [[one, '1'.repeat(32)], '2'],
      [[one, two], '1'],
      [[one, two, three], '4'],
      [many, '9'],
    ] as const) {
      const line = await runAt(
        NOWHERE,
        'propose-oracles',
        ...keys,
        '--threshold',
        threshold,
        '--authority',
        '/none',
      );
      expect(line).toMatch(/^1 invalid_oracle_set: /);
    }
  });

  it('says that the chain cannot be asked, or has no such network, without the provider’s key', async () => {
    for (const args of [['show'], ['apply-oracles', ...(await key(first))]]) {
      const line = await runAt(NOWHERE, ...args);
      expect(line).toMatch(/^2 chain_unreachable: /);
      expect(line).not.toContain('s3cret');
    }
    vi.spyOn(console, 'log').mockReturnValue();
    const elsewhere = ['--network', creator.publicKey.toBase58(), '--rpc', localnet.rpcUrl];
    const shown = (await program()).parseAsync(['network', 'show', ...elsewhere], { from: 'user' });
    await expect(shown).rejects.toMatchObject({ code: 'chain_unreadable' });
  });
});
