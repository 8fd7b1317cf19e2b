import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { latLngToCell } from 'h3-js';
import { openDenyFile, type DenyGrounds } from '#protocol/deny/deny-file';
import { denyListOf, type DenyList } from '#protocol/deny/deny-list';
import type { Region } from '#protocol/geo/regions';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { registryAt, type RawHotspot, type Timed } from '#protocol/settle/registry';
import { epochNumber, type EpochNumber } from '#protocol/units';
import type { Registry, VerifySignature } from '#protocol/verify/poc';
import { verifySignature } from '#services/runtime/signature';
import { keyText } from '#protocol/wire/key';
import { GENESIS, testAddress, testKey, type TestKey } from '../../protocol/epoch/world.ts';
import { signedDenyFile } from '../deny-file.ts';

/** A network of four epochs of a minute in which something speaks against most pairs. */
export const EPOCHS = 4;
export const EPOCH_MS = 60_000;
export const START_MS: number = GENESIS * 1000;
export const NETWORK: string = testAddress('line');

/** Whoever reports; strangers are not registered. */
export interface Member extends TestKey {
  readonly name: string;
  readonly region: Region;
  readonly raw: RawHotspot | null;
  /** Signs for it within a session. */
  readonly session: TestKey;
}

interface MemberOptions {
  readonly region?: Region;
  readonly place?: readonly [latitude: number, longitude: number] | null;
  readonly movesTo?: readonly [latitude: number, longitude: number];
  readonly moves?: number;
  readonly mode?: 'full' | 'data_only';
  readonly quarantinedFrom?: number;
  readonly tier?: 'open' | 'endorsed';
  /** Seconds after the start. */
  readonly registered?: number;
  readonly stranger?: boolean;
}

/** The first five can witness each other; every other one has its reason. */
export const MEMBERS: readonly Member[] = [
  member('a', { place: grid(0, 0) }),
  member('b', { place: grid(0, 1) }),
  member('c', { place: grid(1, 0) }),
  member('d', { place: grid(1, 1) }),
  member('e', { place: grid(2, 0) }),
  member('open one', { place: grid(2, 1), tier: 'open' }),
  member('open two', { place: grid(0, 2), tier: 'open' }),
  member('beside a', { place: [52.5004, 13.4] }),
  member('far', { place: [53.9, 13.4] }),
  member('american', { place: [40.7, -74], region: 'US915' }),
  member('nowhere', { place: null }),
  member('data only', { place: grid(1, 2), mode: 'data_only' }),
  member('quarantined', { place: grid(2, 2), quarantinedFrom: 1 }),
  member('denied', { place: grid(3, 0) }),
  member('moving', { place: grid(3, 1), movesTo: [52.5003, 13.4], moves: 2 }),
  member('late comer', { place: grid(3, 2), registered: 90 }),
  member('stranger', { stranger: true }),
  member('another stranger', { stranger: true }),
];

/** Member 13 is denied from epoch 1 on, the pair of the first two from epoch 2 on. */
export const DENIED: ReturnType<typeof signedDenyFile> = signedDenyFile({
  keys: [{ key: textOf(13), ...deniedFrom(1) }],
  edges: [pairOf(textOf(0), textOf(1))].map((pair) => ({ ...pair, ...deniedFrom(2) })),
});
export const DENY_LIST: DenyList = denyListOf(openDenyFile(DENIED.denyFile));

/**
 * Small limits and short clocks, so that four minutes reach all of them. An epoch that settles nothing leaves no state, so
 * where there may be such ones entropies count only as long as the next epoch's evidence reaches back.
 */
export function linePolicy(logs: Policy['logs'], steady: boolean): Policy {
  const { windows } = DEFAULT_POLICY;
  return {
    ...DEFAULT_POLICY,
    beacon_interval_s: 20,
    max_witnesses: 6,
    selected_witnesses: 2,
    reciprocity_from: 2,
    holdback: 0,
    windows: {
      ...windows,
      reciprocity_ms: 100_000,
      entropy_memory_ms: steady ? windows.entropy_memory_ms : windows.identity_ms,
    },
    deny: DENIED.deny,
    logs,
  };
}

/** What a change of policy may bring in the middle of everything. */
export function changedPolicy(policy: Policy): Policy {
  return { ...policy, max_witnesses: 4, selected_witnesses: 1, deny: null };
}

export const RAW_HOTSPOTS: readonly RawHotspot[] = MEMBERS.flatMap(({ raw }) => raw ?? []);

/** The facts that settlement reads from the chain for an epoch. */
export function lineRegistry(epoch: EpochNumber): Registry {
  const end = GENESIS + ((Number(epoch) + 1) * EPOCH_MS) / 1000;
  return registryAt({ hotspots: RAW_HOTSPOTS, epoch, end });
}

/** How reports are signed, the same on both sides of a comparison. */
export interface Signing {
  readonly sign: (by: TestKey, message: Uint8Array, again: number) => Uint8Array;
  readonly verify: VerifySignature;
}

export const REAL_SIGNING: Signing = {
  sign: (by, message) => ed25519.sign(message, by.secret),
  verify: verifySignature,
};

/**
 * Anybody could compute a report's; `again` makes another good signature of the same bytes, as ECDSA has them. What is
 * signed for real, such as checkpoints, is known by its length.
 */
export const CHEAP_SIGNING: Signing = {
  sign: (by, message, again) => Uint8Array.of(again, ...keyedHash(by.key, again, message)),
  verify: (signed) => {
    if (signed.signature.length === 64) return verifySignature(signed);
    const [again = 0, ...hash] = signed.signature;
    return Buffer.from(hash).equals(keyedHash(signed.key, again, signed.message));
  },
};

function keyedHash(key: string, again: number, message: Uint8Array): Buffer {
  return createHash('sha256').update(`${key} ${again} `).update(message).digest().subarray(0, 12);
}

export function memberAt(place: number): Member {
  const found = MEMBERS[place % MEMBERS.length];
  if (found === undefined) throw new RangeError(`no member ${place}`);
  return found;
}

function textOf(place: number): string {
  return keyText(memberAt(place).key);
}

function pairOf(one: string, other: string): { readonly a: string; readonly b: string } {
  return one < other ? { a: one, b: other } : { a: other, b: one };
}

function deniedFrom(from: number): DenyGrounds {
  return { from, reason: 'keeper', epoch: 0, evidence: [] };
}

/** 1.6 km apart. */
function grid(row: number, column: number): readonly [number, number] {
  return [52.5 + row * 0.0145, 13.4 + column * 0.0237];
}

function member(name: string, of: MemberOptions): Member {
  const { region = 'EU868', place = null, mode = 'full' } = of;
  const session = testKey(`line session ${name}`);
  const key = testKey(`line ${name}`);
  if (of.stranger === true) return { ...key, name, region, session, raw: null };
  const locationAt = (at: readonly [number, number] | null): RawHotspot['location']['current'] => ({
    cell: at === null ? 0n : BigInt(`0x${latLngToCell(at[0], at[1], 12)}`),
    gain: 12,
    elevation: 10,
    mode,
  });
  const raw: RawHotspot = {
    key: key.key,
    registeredAt: GENESIS + (of.registered ?? -100),
    status: timed('active', of.quarantinedFrom === undefined ? 'active' : 'quarantined', of.quarantinedFrom),
    tier: timed(of.tier ?? 'endorsed', of.tier ?? 'endorsed', 0),
    location: timed(locationAt(place), locationAt(of.movesTo ?? place), of.moves),
  };
  return { ...key, name, region, session, raw };
}

function timed<Value>(current: Value, next: Value, from = 0): Timed<Value> {
  return { current, next, nextFrom: epochNumber(BigInt(from)) };
}
