import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keypair, LAMPORTS_PER_SOL, PublicKey, type Connection } from '@solana/web3.js';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  attest,
  claim,
  createNetwork,
  createTokenAccount,
  deployProgram,
  finalize,
  hotspotAddress,
  networkAddress,
  readClock,
  readCredits,
  readHotspot,
  readNetwork,
  registerMessage,
  sendInstructions,
} from '#client';
import { EMPTY_ROOT } from '#protocol/evidence/merkle';
import { hotspotLeafKey } from '#protocol/settle/leaf';
import { settlementTree } from '#protocol/settle/tree';
import { GENESIS_PARENT, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address } from '#protocol/units';
import { keyBytes, keyText } from '#protocol/wire/key';
import { openChain } from '#services/runtime/chain';
import { exitCodeOf } from '../../cli/exit-code.ts';
import { errorLine } from '../../cli/exit.ts';
import { parseRegistration } from '../../cli/hotspot/registration.ts';
import { program } from '../../cli/program.ts';
import { committedProgram } from '../support/committed-program.ts';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import { EMISSION, POLICY_HASH, hexHash, networkConfig } from '../support/litesvm-network.ts';
import { startLocalnet, type Localnet } from '../support/localnet.ts';
import recorded from '../vectors/gateway-rs.json' with { type: 'json' };

const [creator, owner] = [Keypair.generate(), Keypair.generate()];
const oracles = [1, 2, 3].map((n) => namedKeypair(`oracle ${n}`));
const network = networkAddress(creator.publicKey, 'first hour');
const hotspot = namedHotspot('p256 of an operator', 'p256');
let dir: string;
let localnet: Localnet;
let connection: Connection;

const file = async (name: string, text: string): Promise<string> => {
  const path = join(dir, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
};

const field = (number: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of((number << 3) | 2), varint(bytes.length), bytes]);
const varint = (value: number): Uint8Array =>
  value < 0x80 ? Buffer.of(value) : Buffer.of((value & 0x7f) | 0x80, value >> 7);

/** What `helium_gateway add` prints. */
const added = (of: TestHotspot, to: PublicKey = owner.publicKey): string => {
  const signature = of.sign(registerMessage({ owner: to, gateway: of.key, network }));
  const key = (address: PublicKey): Uint8Array => Buffer.concat([Buffer.of(1), address.toBytes()]);
  const parts = [field(1, key(to)), field(2, keyBytes(of.key)), field(4, signature), field(5, key(network))];
  const txn = Buffer.from(field(1, Buffer.concat(parts))).toString('base64');
  return JSON.stringify({ address: keyText(of.key), mode: 'full', owner: to.toBase58(), txn });
};

/** What the command prints, or the error line and the exit code with which it ends. */
async function run(...args: readonly string[]): Promise<string> {
  const said: unknown[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => said.push(line));
  const place = ['--network', network.toBase58(), '--rpc', localnet.rpcUrl];
  try {
    await (await program()).parseAsync([...args, ...place], { from: 'user' });
    return said.join('\n');
  } catch (error) {
    return `${exitCodeOf(error)} ${errorLine(error)}`;
  }
}
afterEach(() => {
  vi.restoreAllMocks();
});

describe('what a hotspot signed', () => {
  it.each(recorded.add_gateway.map((of) => ({ type: of.key_type, of })))(
    'is read from what the real software printed ($type)',
    ({ of: { cli, decoded } }) => {
      const place = {
        file: 'add.json',
        owner: new PublicKey(cli.owner),
        network: new PublicKey(cli.payer),
      };
      const { key, signature } = parseRegistration(cli, place);
      expect([key, Buffer.from(signature).toString('hex')]).toEqual([
        decoded.gateway,
        decoded.gateway_signature,
      ]);
      const other = Keypair.generate().publicKey;
      const refusal = (change: Partial<typeof place>, output: unknown = cli): unknown => {
        try {
          return parseRegistration(output, { ...place, ...change });
        } catch (error) {
          return error instanceof Error && 'code' in error ? error.code : error;
        }
      };
      expect(refusal({ owner: other })).toBe('wrong_owner');
      expect(refusal({ network: other })).toBe('wrong_payer');
      expect(refusal({}, {})).toBe('malformed_registration');
      expect(refusal({}, { txn: 'AAAA' })).toBe('malformed_registration');
      const broken = Buffer.from(cli.txn, 'base64');
      // Within the signature.
      broken.writeUInt8(broken.readUInt8(100) ^ 1, 100);
      expect(refusal({}, { txn: broken.toString('base64') })).toBe('unsigned_registration');
    },
  );
});

describe('an operator on a chain', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'coverant-operator-'));
    localnet = await startLocalnet({ dataDir: dir });
    connection = openChain({ rpcUrl: localnet.rpcUrl, commitment: 'confirmed' });
    const keys = [creator, owner, ...oracles];
    await Promise.all(keys.map((key) => connection.requestAirdrop(key.publicKey, 100 * LAMPORTS_PER_SOL)));
    await deployProgram({ connection, payer: creator, ...(await committedProgram()) });
    const { unixTime } = await readClock(connection, 'confirmed');
    const config = networkConfig({
      epochLengthS: 4_000n,
      firstEpochStart: BigInt(unixTime - 4_001),
      challengeDelayS: 0,
      creditPrice: 100_000_000n,
    });
    const instructions = [createNetwork({ creator: creator.publicKey, name: 'first hour', config })];
    await sendInstructions(connection, { payer: creator, instructions });
    await file('owner.json', JSON.stringify([...owner.secretKey]));
  }, 120_000);
  afterAll(async () => {
    await localnet.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const byOwner = (): readonly string[] => ['--key', join(dir, 'owner.json')];

  it('registers a hotspot with what it signed, and says where it stands', async () => {
    const output = await file('add.json', added(hotspot));
    const said = await run('hotspot', 'register', output, ...byOwner());
    expect(said).toContain(`${keyText(hotspot.key)} of ${owner.publicKey.toBase58()} stands nowhere yet`);
    const place = ['--lat', '48.8', '--lon', '-9.5', '--gain', '1.2', '--elevation', '7'];
    expect(await run('hotspot', 'assert', keyText(hotspot.key), ...place, ...byOwner())).toMatch(
      /stands in cell 8c[0-9a-f]{13} from epoch 2 on/,
    );
    const state = await readHotspot(connection, {
      network: await readNetwork(connection, network),
      key: hotspot.key,
    });
    expect(state?.location.next).toMatchObject({ gain: 12, elevation: 7, mode: 'full' });
  });

  it('is told what is wrong before anything is sent', async () => {
    const twice = await file('twice.json', added(hotspot));
    expect(await run('hotspot', 'register', twice, ...byOwner())).toMatch(/^1 .*AlreadyCreated/);
    const other = await file('other.json', added(hotspot, creator.publicKey));
    expect(await run('hotspot', 'register', other, ...byOwner())).toContain('1 wrong_owner');
    const foreign = namedHotspot('of the test network', 'ed25519', 'testnet');
    const testnet = await file('testnet.json', added(foreign));
    expect(await run('hotspot', 'register', testnet, ...byOwner())).toContain('1 wrong_key_network');
    const hex = keyText(hotspot.key);
    expect(await run('hotspot', 'assert', hex, ...byOwner())).toContain('2 incomplete_arguments');
    expect(await run('hotspot', 'assert', hex, '--cell', '8', ...byOwner())).toMatch(/^2 /);
  });

  it('buys credits with what the hotspot earned, and asks them back', async () => {
    const address = owner.publicKey.toBase58();
    expect(await run('credits', 'show', address)).toBe(
      `${address} has never bought credits\n1,000 credits cost 1000000 smallest units now`,
    );
    expect(await run('credits', 'buy', '10', ...byOwner())).toMatch(/^1 .*CreditsNotCovered/);
    await earn();
    expect(await run('credits', 'buy', '10', '--max-tokens', '9999', ...byOwner())).toMatch(
      /^1 .*CostAboveMaximum/,
    );
    expect(await run('credits', 'buy', '10', ...byOwner())).toContain(
      'bought 10 for at most 10000 smallest units; the balance is 10 from epoch 2 on',
    );
    expect(await run('credits', 'withdraw', '10', ...byOwner())).toMatch(/^1 .*CreditsNotFree/);
    expect(await run('credits', 'show', address)).toContain(
      'settled 0; the rest would give back 10000 smallest units\nno withdrawal is open',
    );
    const of = { network, owner: owner.publicKey };
    expect(await readCredits(connection, of)).toMatchObject({ firstEpoch: 2n, refundable: 10_000n });
    const settled = await run('credits', 'settle', address, '--from', dir, ...byOwner());
    expect(settled).toContain('2 file_missing');
  });

  /** Epoch 0 becomes final, and the hotspot's owner is paid. */
  const earn = async (): Promise<void> => {
    const leaves = [{ key: hotspotLeafKey(hotspot.key), cumulative: amount(EMISSION) }];
    const tree = settlementTree({ network: network.toBase58() as Address, leaves });
    const empty = hexHash(EMPTY_ROOT);
    const tuple: Tuple = {
      network: network.toBase58() as Address,
      epoch: epochNumber(0n),
      parentTupleHash: GENESIS_PARENT,
      root: tree.root,
      leafCount: 1,
      cumulativeTotal: amount(EMISSION),
      creditsRoot: empty,
      creditsCount: 0,
      evidenceHash: empty,
      registryHash: empty,
      policyHash: POLICY_HASH,
      stateHash: empty,
    };
    for (const oracle of oracles.slice(0, 2))
      await sendInstructions(connection, {
        payer: oracle,
        instructions: [attest({ oracle: oracle.publicKey, tuple })],
      });
    const destination = owner.publicKey;
    await sendInstructions(connection, {
      payer: creator,
      instructions: [
        finalize({ tuple }),
        createTokenAccount({ payer: creator.publicKey, network, owner: destination }),
        claim({
          network,
          subject: hotspotAddress(network, hotspot.key),
          destination,
          cumulative: amount(EMISSION),
          index: 0,
          proof: [],
        }),
      ],
    });
  };
});
