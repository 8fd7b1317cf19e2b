import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Keypair } from '@solana/web3.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { disclosuresByCommitment, encodeDisclosure, type Disclosures } from '#protocol/route/disclosure';
import { openReadHeader } from '#protocol/route/read-request';
import { addressHex } from '#protocol/settle/credits/address-hex';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber } from '#protocol/units';
import { readDisclosureFiles } from '#services/runtime/disclosure-files';
import { openPublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { billJson } from '../../cli/bill/bill-json.ts';
import { billLines } from '../../cli/bill/bill-lines.ts';
import { BILL_PROBLEMS, problemsOf, WRONG_PACKETS, type Bill } from '../../cli/bill/bill-problems.ts';
import { fetchDisclosures } from '../../cli/bill/fetch-disclosures.ts';
import { tellBill } from '../../cli/bill/tell-bill.ts';
import { exitCodeOf } from '../../cli/exit-code.ts';
import { program } from '../../cli/program.ts';
import { dataFrame, packetBytes } from '../protocol/epoch/packet-world.ts';
import { EPOCH_S, GENESIS, testKey } from '../protocol/epoch/world.ts';
import {
  billedWorld,
  HEARD,
  OTHER,
  OWNER,
  withReasons,
  withSettled,
  writeBilled,
  type BilledWorld,
} from '../support/billed-world.ts';
import { startOwnerRpc } from '../support/owner-rpc.ts';

const written: string[] = [];
afterEach(async () => {
  for (const folder of written.splice(0)) await rm(folder, { recursive: true, force: true });
});

interface Asked {
  readonly epoch?: number;
  readonly tuples?: readonly Tuple[];
  readonly account?: Bill['chain']['account'];
  readonly disclosures?: Disclosures;
}

/** The owner's bill by the files of a world; the chain has the last tuple as its latest. */
async function bill(world: BilledWorld, asked: Asked = {}): Promise<Bill> {
  const tuples = asked.tuples ?? world.results.map(({ tuple }) => tuple);
  const places = await writeBilled(world, tuples);
  written.push(places.folder);
  const own = asked.disclosures ?? (await readDisclosureFiles(places.disclosures));
  const tuple = tuples.at(-1);
  if (tuple === undefined) throw new Error('no epoch');
  return await tellBill({
    owner: OWNER.address,
    ...(asked.epoch === undefined ? {} : { epoch: epochNumber(BigInt(asked.epoch)) }),
    source: openPublicFiles(places.folder),
    chain: {
      network: { firstEpochStart: BigInt(GENESIS), epochLengthS: BigInt(EPOCH_S) },
      latest: { ...tuple, tupleHash: tupleHash(tuple), time: 0n, voters: [] },
      account: asked.account ?? { balance: 100n, settled: 3n, withdrawal: null },
    },
    disclosuresOf: () => Promise.resolve(own),
    verify: verifySignature,
  });
}

const codesOf = (of: Bill): readonly string[] =>
  problemsOf(of).map((problem) =>
    problem.code === 'wrong_packet' ? `${problem.code} ${problem.packet.code}` : problem.code,
  );

/** Folders in which all of epoch 1's packets are published as counted, and the owner's total follows from that. */
function lyingFolders(world: BilledWorld): {
  readonly world: BilledWorld;
  readonly tuples: readonly Tuple[];
} {
  const [first, second] = world.results;
  const [, files] = world.folders;
  if (first === undefined || second === undefined || files === undefined) throw new Error('no epochs');
  const extra = second.packets.slice(4).filter(({ reason }) => reason !== null);
  const reasons = second.packets.map((packet, at) => (at < 4 ? packet : { reason: null }));
  const stolen = extra.reduce((sum, { body }) => sum + BigInt(body.credits), 0n);
  const leaves = second.credits.map((leaf) =>
    leaf.owner === addressHex(OWNER.address) ? { ...leaf, settled: leaf.settled + stolen } : leaf,
  );
  const lied = withSettled(withReasons(files, reasons), { tuple: second.tuple, leaves });
  const folders = [...world.folders.slice(0, 1), lied.files];
  return { world: { ...world, folders }, tuples: [first.tuple, lied.tuple] };
}

describe('a bill', () => {
  it('agrees where every packet was sent, signed and bought, epoch by epoch and hotspot by hotspot', async () => {
    const found = await bill(billedWorld());
    expect(codesOf(found)).toEqual([]);
    expect(found.chain.leaf).toBe(6n);
    expect(found.epochs.map(({ billed, before, after }) => ({ ...billed, before, after }))).toEqual([
      { packets: 2, bytes: 47, credits: 3n, before: 0n, after: 3n },
      { packets: 2, bytes: 47, credits: 3n, before: 3n, after: 6n },
    ]);
    const [first] = found.epochs;
    expect([...(first?.hotspots.keys() ?? [])]).toEqual([HEARD[0].key]);
    expect(first?.refused).toEqual(new Map([['bad_signature', 1]]));
    expect(billLines(found).join('\n')).toContain('AGREES');
  });

  it('is one of a single epoch, too', async () => {
    const found = await bill(billedWorld(), { epoch: 1 });
    expect(codesOf(found)).toEqual([]);
    expect(found.epochs.map(({ epoch }) => epoch)).toEqual([1n]);
  });

  it('differs where the router billed a packet that it discloses to nobody', async () => {
    const world = billedWorld({
      believing: true,
      fill: (router, base) => void router.packet({ ...base, isWithheld: true }),
    });
    const found = await bill(world);
    expect(codesOf(found)).toEqual(['wrong_packet undisclosed']);
    expect(billLines(found).join('\n')).toMatch(/entry \d+ of \w+, 1 credits: no disclosure shows/);
  });

  it('differs where a packet was made up that its hotspot never signed', async () => {
    const world = billedWorld({
      believing: true,
      fill: (router, base) => {
        const payload = dataFrame(0x26000009, 1);
        router.packet({ ...base, payload, bytes: packetBytes(base.hotspot, testKey('forger'), payload) });
      },
    });
    expect(codesOf(await bill(world))).toEqual(['wrong_packet bad_signature']);
  });

  it('differs where a packet was billed twice', async () => {
    const world = billedWorld({
      believing: true,
      fill: (router, base) => {
        const payload = dataFrame(0x26000009, 1);
        router.packet({ ...base, payload });
        router.packet({ ...base, payload });
      },
    });
    expect(codesOf(await bill(world))).toEqual(['wrong_packet duplicate']);
  });

  it('differs where a packet was billed under a route that the owner never signed', async () => {
    const honest = billedWorld({
      fill: (router, base) => {
        const route = router.route(OWNER, base.at, { route: 'forged', signer: OTHER });
        router.packet({ ...base, route, payload: dataFrame(0x26000009, 1) });
      },
    });
    expect(codesOf(await bill(honest))).toEqual([]);
    const { world, tuples } = lyingFolders(honest);
    expect(codesOf(await bill(world, { tuples }))).toEqual(['wrong_packet no_route']);
  });

  it('differs where the credits leaf is higher than all packets together', async () => {
    const world = billedWorld();
    const [first, second] = world.results;
    const [, files] = world.folders;
    if (first === undefined || second === undefined || files === undefined) throw new Error('no epochs');
    const leaves = second.credits.map((leaf) => ({ ...leaf, settled: leaf.settled + 5n }));
    const lied = withSettled(files, { tuple: second.tuple, leaves });
    const folders = [...world.folders.slice(0, 1), lied.files];
    const found = await bill({ ...world, folders }, { tuples: [first.tuple, lied.tuple] });
    expect(problemsOf(found)).toEqual([
      { code: 'epoch_total', epoch: 1n, found: 8n, expected: 3n },
      { code: 'all_epochs', epoch: null, found: 11n, expected: 6n },
    ]);
  });

  it('differs where the account on chain has more settled than the leaf, or never bought anything', async () => {
    const world = billedWorld();
    const account = { balance: 5n, settled: 7n, withdrawal: null };
    expect(codesOf(await bill(world, { account }))).toEqual(['settled_above', 'above_balance']);
    const chain = { ...(await bill(world)).chain, account: null };
    expect(codesOf({ ...(await bill(world)), chain })).toEqual(['no_account']);
  });

  it('cannot be checked by a copy that hides its packets or is not what the chain names', async () => {
    const world = billedWorld();
    const hidden = world.folders.map((files) => withReasons(files, []));
    await expect(bill({ ...world, folders: hidden })).rejects.toMatchObject({ code: 'malformed_credits' });
    const [first, second] = world.results.map(({ tuple }) => tuple);
    if (first === undefined || second === undefined) throw new Error('no epochs');
    const other = { ...second, stateHash: first.stateHash };
    await expect(bill(world, { tuples: [first, other] })).rejects.toMatchObject({ code: 'malformed_folder' });
  });

  it('says as JSON what it says to people', async () => {
    const account = { balance: 100n, settled: 3n, withdrawal: { credits: 9n, fromEpoch: epochNumber(5n) } };
    expect(JSON.parse(JSON.stringify(billJson(await bill(billedWorld(), { account }))))).toMatchObject({
      version: 1,
      owner: OWNER.address,
      agrees: true,
      total: { packets: 4, bytes: 94, credits: '6' },
      chain: {
        used: '6',
        account: { balance: '100', left: '94', settled: '3', withdrawal: { credits: '9', from_epoch: '5' } },
      },
      problems: [],
    });
  });
});

describe('disclosures of an owner', () => {
  it('are asked of the router with the signature of its key, part by part', async () => {
    const { own, inputs } = billedWorld();
    const network = inputs[0]?.facts.network;
    if (network === undefined) throw new Error('no epoch');
    const file = Buffer.concat(own.map(encodeDisclosure));
    const readers: string[] = [];
    const server = createServer((request, response) => {
      const { url: path = '', headers } = request;
      const now = Date.now() / 1000;
      readers.push(openReadHeader(headers.authorization, { network, path, now, verify: verifySignature }));
      const from = Number(new URL(path, 'http://router').searchParams.get('from'));
      response.end(file.subarray(from, from + 300));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const url = `http://127.0.0.1:${address.port}/`;
    const signer = Keypair.fromSeed(OWNER.secret);
    const found = await fetchDisclosures({ url, network, signer }, epochNumber(0n));
    server.close();
    expect([...found.keys()]).toEqual([...disclosuresByCommitment(own).keys()]);
    expect(readers.length).toBeGreaterThan(3);
    expect(new Set(readers)).toEqual(new Set([OWNER.address]));
  });
});

describe('npx coverant bill', () => {
  it('reads files and chain, prints the bill, and ends with 0 or 1', async () => {
    const printed: string[] = [];
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    const tuples = (of: BilledWorld): readonly Tuple[] => of.results.map(({ tuple }) => tuple);
    const honest = billedWorld();
    const lying = billedWorld({
      believing: true,
      fill: (router, base) => void router.packet({ ...base, isWithheld: true }),
    });
    try {
      for (const [world, expected] of [
        [honest, undefined],
        [lying, 1],
      ] as const) {
        const { folder, disclosures } = await writeBilled(world, tuples(world));
        written.push(folder);
        const tuple = tuples(world).at(-1);
        if (tuple === undefined) throw new Error('no epoch');
        const chain = await startOwnerRpc({ tuple, owner: OWNER.address, balance: 50n, settled: 3n });
        const from = `--network ${tuple.network} --rpc ${chain.rpcUrl} --folder ${folder}`;
        const whose = `--owner ${OWNER.address} --disclosures ${disclosures}`;
        expect(await codeOf(`bill ${from} ${whose} --json`)).toBe(0);
        expect(process.exitCode).toBe(expected);
        process.exitCode = undefined;
        expect(await codeOf(`bill ${from} ${whose} --epoch 9`)).toBe(2);
        await chain.close();
      }
    } finally {
      out.mockRestore();
      process.exitCode = undefined;
    }
    const [first, second] = printed.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(first).toMatchObject({ agrees: true, chain: { account: { balance: '50', left: '44' } } });
    expect(second).toMatchObject({
      agrees: false,
      problems: [{ code: 'wrong_packet', epoch: '1', reason: 'undisclosed' }],
    });
  });

  const codeOf = async (line: string): Promise<number> => {
    try {
      await (await program()).parseAsync(line.split(' '), { from: 'user' });
      return 0;
    } catch (error) {
      return exitCodeOf(error);
    }
  };
  const place = `--network ${OWNER.address} --rpc http://127.0.0.1:1 --folder nowhere`;

  it('ends with 2 where it could not check, whatever was wrong', async () => {
    for (const rest of [
      '',
      ` --owner ${OWNER.address}`,
      ` --owner ${OWNER.address} --router http://127.0.0.1:1`,
      ` --owner ${OWNER.address} --disclosures no-such-file`,
      ' --owner-keypair no-such-file',
      ' --owner-keypair package.json --router http://127.0.0.1:1',
    ])
      expect(await codeOf(`bill ${place}${rest}`)).toBe(2);
  });

  it('has every problem in docs/bill.md, and a word for every reason', () => {
    const text = readFileSync('docs/bill.md', 'utf8');
    for (const [code, says] of Object.entries(BILL_PROBLEMS))
      expect(text).toMatch(new RegExp(`^\\| \`${code}\` +\\| ${says.replaceAll('.', '\\.')} +\\|$`, 'm'));
    expect(Object.values(WRONG_PACKETS).every((says) => says.length > 5)).toBe(true);
  });
});
