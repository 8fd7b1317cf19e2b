import { appendFile, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeDisclosure } from '#protocol/route/disclosure';
import { epochNumber } from '#protocol/units';
import {
  openDisclosureStore,
  type DisclosureStore,
  type KeptDisclosure,
} from '#services/route/disclosures/disclosure-store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OWNER } from '../../support/uplinks.ts';

const EPOCH = epochNumber(7n);
let folder: string;
let store: DisclosureStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coverant-disclosures-'));
  store = await openDisclosureStore(folder);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const kept = (number: number): KeptDisclosure => ({
  owner: OWNER,
  credits: number,
  disclosure: encodeDisclosure({
    salt: new Uint8Array(32).fill(number),
    packet: new Uint8Array(number * 7).fill(number),
  }),
});
async function all(): Promise<readonly KeptDisclosure[]> {
  const found: KeptDisclosure[] = [];
  for await (const each of store.read(EPOCH)) found.push(each);
  return found;
}

describe('disclosures', () => {
  it('are read as they were appended, in order, for nobody but the router', async () => {
    await store.append(EPOCH, [kept(1), kept(2)]);
    await store.append(EPOCH, [kept(3)]);
    expect(await all()).toEqual([kept(1), kept(2), kept(3)]);
    expect(await store.epochs()).toEqual([EPOCH]);
    expect((await stat(join(folder, '7'))).mode & 0o777).toBe(0o600);
  });

  it('end before what a killed process left half written, and go on from there', async () => {
    await store.append(EPOCH, [kept(1)]);
    await store.close();
    await appendFile(join(folder, '7'), new Uint8Array(50).fill(9));
    store = await openDisclosureStore(folder);
    expect(await all()).toEqual([kept(1)]);
    await store.append(EPOCH, [kept(2)]);
    expect(await all()).toEqual([kept(1), kept(2)]);
  });

  it('of many megabytes are read in parts', async () => {
    const many = Array.from({ length: 250 }, (_, number) => kept(number + 1));
    for (let round = 0; round < 12; round += 1) await store.append(EPOCH, many);
    expect(await all()).toHaveLength(3000);
  });

  it('are deleted when they are old, but not those of the epoch that runs', async () => {
    await store.append(epochNumber(6n), [kept(1)]);
    await store.append(EPOCH, [kept(1)]);
    await utimes(join(folder, '6'), 1000, 1000);
    await utimes(join(folder, '7'), 1000, 1000);
    await store.dropBefore(2_000_000);
    expect(await store.epochs()).toEqual([EPOCH]);
  });
});
