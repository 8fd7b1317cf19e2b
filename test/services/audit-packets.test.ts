import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { disclosuresByCommitment, encodeDisclosure, type Disclosures } from '#protocol/route/disclosure';
import { addressHex } from '#protocol/settle/credits/address-hex';
import { FILES, openFolder, type FolderFiles } from '#protocol/settle/folder';
import { checkSettled } from '#services/audit/epoch/audit-epoch';
import { packetFindings } from '#services/audit/epoch/packets';
import { recompute, type Recomputed } from '#services/audit/epoch/recompute';
import { skippedPackets } from '#services/audit/epoch/skipped-packets';
import { settledFinding } from '#services/audit/chain/check-credits';
import { CannotCheck, Disagreement } from '#services/audit/report/failures';
import type { Difference } from '#services/audit/report/report';
import { readDisclosureFiles } from '#services/runtime/disclosure-files';
import { verifySignature } from '#services/runtime/signature';
import { dataFrame, packetBytes } from '../protocol/epoch/packet-world.ts';
import { testKey } from '../protocol/epoch/world.ts';
import {
  billedWorld,
  OTHER,
  OWNER,
  withReasons,
  withSettled,
  type BilledWorld,
} from '../support/billed-world.ts';

/** Epoch 1 of a world, computed again from its folder. */
function audited(
  world: BilledWorld,
  disclosures: Disclosures | null,
  files: FolderFiles | undefined = world.folders[1],
): Recomputed {
  const facts = world.inputs[1]?.facts;
  if (facts === undefined || files === undefined) throw new Error('no epoch 1');
  return recompute({ facts, folder: openFolder(files), files, verify: verifySignature, disclosures });
}

const allOf = (world: BilledWorld): Disclosures => disclosuresByCommitment(world.all);
const firstOf = ({ different }: Recomputed): Difference | undefined => different[0];

function epochOne(world: BilledWorld): {
  readonly result: BilledWorld['results'][number];
  readonly files: FolderFiles;
} {
  const [result, files] = [world.results[1], world.folders[1]];
  if (result === undefined || files === undefined) throw new Error('no epoch 1');
  return { result, files };
}

describe('packets of an audited epoch', () => {
  it('are believed without disclosures, and the report says how many signatures and why', () => {
    const { result, different } = audited(billedWorld(), null);
    expect(different).toEqual([]);
    expect(packetFindings(result.packets, null)).toEqual([
      {
        kind: 'agrees',
        check: 'packets',
        says: '4 packets judged again: 3 count, of 4 credits; 1 bad_signature',
      },
      {
        kind: 'not_checked',
        check: 'packets',
        says:
          'the signatures of 4 packets, for want of disclosures (--disclosures): ' +
          '3 that count and 1 bad_signature as packets.bin says',
      },
    ]);
  });

  it('are all verified by their disclosures', () => {
    const world = billedWorld();
    const { result, different } = audited(world, allOf(world));
    expect(different).toEqual([]);
    expect(packetFindings(result.packets, allOf(world)).map(({ kind }) => kind)).toEqual(['agrees']);
  });

  it('differ where one counts that no disclosure proves, and the record is named', () => {
    const world = billedWorld({
      believing: true,
      fill: (router, base) => void router.packet({ ...base, isWithheld: true }),
    });
    expect(audited(world, null).different).toEqual([]);
    const found = firstOf(audited(world, allOf(world)));
    expect(found).toMatchObject({
      check: 'packets',
      found: 'it counts',
      expected: 'a disclosure that proves it',
    });
    expect(found?.where).toMatch(new RegExp(`entry 17: the packet of \\w+ that ${OWNER.address} pays for$`));
  });

  it('differ where one counts that its hotspot did not sign', () => {
    const world = billedWorld({
      believing: true,
      fill: (router, base) => {
        const payload = dataFrame(0x26000009, 1);
        router.packet({ ...base, payload, bytes: packetBytes(base.hotspot, testKey('forger'), payload) });
      },
    });
    expect(firstOf(audited(world, allOf(world)))).toMatchObject({
      check: 'packets',
      expected: 'it does not count: bad_signature',
    });
  });

  it('differ where one was counted twice', () => {
    const world = billedWorld({
      believing: true,
      fill: (router, base) => {
        const payload = dataFrame(0x26000009, 1);
        router.packet({ ...base, payload });
        router.packet({ ...base, payload });
      },
    });
    expect(firstOf(audited(world, allOf(world)))).toMatchObject({
      check: 'packets',
      expected: 'it does not count: duplicate',
    });
  });

  it('differ without any disclosure where the owner never signed the route', () => {
    const world = billedWorld({
      fill: (router, base) => {
        const route = router.route(OWNER, base.at, { route: 'forged', signer: OTHER });
        router.packet({ ...base, route, payload: dataFrame(0x26000009, 1) });
      },
    });
    const { files, result } = epochOne(world);
    const reasons = result.packets.map((packet, at) => (at < 4 ? packet : { reason: null }));
    expect(firstOf(audited(world, null, withReasons(files, reasons)))).toMatchObject({
      check: 'packets',
      found: 'it counts',
      expected: 'it does not count: no_route',
    });
  });

  it('differ where one is refused that its disclosure proves, unless oracles had none', () => {
    const world = billedWorld();
    const { files, result } = epochOne(world);
    const refusing = (reason: 'bad_signature' | 'undisclosed'): FolderFiles =>
      withReasons(
        files,
        result.packets.map((packet, at) => (at === 0 ? { reason } : packet)),
      );
    expect(firstOf(audited(world, allOf(world), refusing('bad_signature')))).toMatchObject({
      check: 'packets',
      found: 'it does not count: bad_signature',
      expected: 'it counts',
    });
    const late = audited(world, allOf(world), refusing('undisclosed'));
    expect(late.different.some(({ check }) => check === 'packets')).toBe(false);
    expect(packetFindings(late.result.packets, allOf(world))).toContainEqual({
      kind: 'not_checked',
      check: 'packets',
      says: 'that oracles lacked the disclosures of 1 packets, which are here now',
    });
  });

  it('are a damaged copy where packets.bin is of other records', () => {
    const world = billedWorld();
    const { files } = epochOne(world);
    const short = withReasons(files, [{ reason: null }]);
    expect(() => audited(world, null, short)).toThrow(CannotCheck);
  });
});

describe('settled totals of an audited epoch', () => {
  it('differ where a credits leaf is higher than what was used', () => {
    const world = billedWorld();
    const { files, result } = epochOne(world);
    const leaves = result.credits.map((leaf) => ({ ...leaf, settled: leaf.settled + 1n }));
    const lied = withSettled(files, { tuple: result.tuple, leaves });
    const { different } = audited(world, allOf(world), lied.files);
    const places = different.map(({ where }) => where.split(':')[0]);
    expect(places).toContain(FILES.credits);
    expect(places).toContain(FILES.tuple);
  });

  it('agree with the root of the tuple, and differ where they are under another or one fell', () => {
    const { files, result } = epochOne(billedWorld());
    expect(checkSettled(openFolder(files)).map(({ kind }) => kind)).toEqual(['agrees']);
    const folder = openFolder(files);
    const [first, ...others] = result.credits;
    if (first === undefined) throw new Error('no leaf');
    const other = { ...folder, credits: [{ ...first, settled: 0n }, ...others] };
    expect(() => checkSettled(other)).toThrow(Disagreement);
    const fallen = withSettled(files, { tuple: result.tuple, leaves: other.credits });
    expect(() => checkSettled(openFolder(fallen.files))).toThrow(Disagreement);
    try {
      checkSettled(openFolder(fallen.files));
    } catch (error) {
      expect(error).toMatchObject({ difference: { where: `credits.bin: ${first.owner} fell` } });
    }
  });

  it('differ where an account on chain has more than its leaf', () => {
    const leaves = [{ owner: addressHex(OWNER.address), settled: 6n }];
    const account = (settled: bigint) => ({ owner: OWNER.address, settled });
    expect(settledFinding([account(6n)], leaves)).toMatchObject({ kind: 'agrees' });
    expect(() => settledFinding([account(7n)], leaves)).toThrow(Disagreement);
    expect(() => settledFinding([account(1n)], [])).toThrow(Disagreement);
  });
});

describe('packets of an epoch that was skipped', () => {
  const world = billedWorld();
  const input = world.inputs[0];
  if (input === undefined) throw new Error('no epoch');

  it('are not checked where nothing in the log speaks against them', () => {
    const [finding, ...more] = skippedPackets(input, null);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ kind: 'not_checked', check: 'packets' });
    expect(finding?.says).toContain('4 packets of an epoch without a tuple, of which 4 count');
  });

  it('are told by their disclosures as far as these are there', () => {
    const [finding] = skippedPackets(input, allOf(world));
    expect(finding?.says).toContain('of which 3 count for who has their disclosures (3 by those');
  });

  it('agree where none counts by the log alone', () => {
    const registry = { ...input.registry, credits: [] };
    expect(skippedPackets({ ...input, registry }, null)).toEqual([
      {
        kind: 'agrees',
        check: 'packets',
        says: '4 packets of an epoch without a tuple, of which none counts: 4 no_credits',
      },
    ]);
  });
});

describe('files of disclosures', () => {
  it('are one file, or all in a folder and below it, and a cut one is named', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coverant-disclosures-'));
    try {
      const { all } = billedWorld();
      const encoded = all.map(encodeDisclosure);
      await mkdir(join(dir, 'below'));
      await writeFile(join(dir, 'one'), Buffer.concat(encoded.slice(0, 3)));
      await writeFile(join(dir, 'below/other'), Buffer.concat(encoded.slice(3)));
      expect((await readDisclosureFiles(join(dir, 'one'))).size).toBe(3);
      expect((await readDisclosureFiles(dir)).size).toBe(all.length);
      await writeFile(join(dir, 'below/cut'), (encoded[0] ?? new Uint8Array()).slice(0, -1));
      await expect(readDisclosureFiles(dir)).rejects.toMatchObject({
        code: 'malformed_disclosure',
        context: { file: join(dir, 'below/cut') },
      });
      await expect(readDisclosureFiles(join(dir, 'none'))).rejects.toMatchObject({ code: 'file_missing' });
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('prove who signed, whoever else is paid', () => {
    const world = billedWorld();
    // An owner's disclosures alone do not do: the other owner's packet counts without one.
    const own = disclosuresByCommitment(world.own);
    const found = firstOf(audited(world, own));
    expect(found?.where).toContain(OTHER.address);
  });
});
