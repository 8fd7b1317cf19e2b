import type { Connection, PublicKey } from '@solana/web3.js';
import { MOTION_KINDS, motionAddress, type EvidencePlace, type MotionName } from '../address.ts';
import { named, type Fields } from '../fields.ts';
import type { Hotspot } from './hotspot.ts';
import type { OracleSet } from './network.ts';
import { decodeAccount, findAccount, listAccounts, type ReadOptions } from './account.ts';

/** Oracles' votes to quarantine or release a hotspot. */
export interface Motion extends MotionName {
  readonly address: PublicKey;
  /** The oracle set of which the votes are. */
  readonly generation: number;
  /** Bit i: oracle i of that set is for it. */
  readonly votes: number;
  /** Seconds since the Unix epoch. */
  readonly lapsesAt: bigint;
  /** Who gets the rent back. */
  readonly openedBy: PublicKey;
}

/** null where nobody has opened it, or it is closed. */
export async function readMotion(
  connection: Connection,
  name: MotionName,
  options?: ReadOptions,
): Promise<Motion | null> {
  const address = motionAddress(name);
  const { value } = await findAccount(connection, 'Motion', address, options);
  return value === null ? null : motionOf(address, value);
}

export async function readMotions(
  connection: Connection,
  network: PublicKey,
  options?: ReadOptions,
): Promise<readonly Motion[]> {
  const { value } = await listAccounts(connection, 'Motion', network, options);
  return value.map((item) => motionOf(item.address, item.fields));
}

export function decodeMotion(address: PublicKey, data: Uint8Array): Motion {
  return motionOf(address, decodeAccount('Motion', address, data));
}

/** Whether it can be voted for and applied at `now` (seconds); else it can be closed. */
export function isMotionOpen(
  { nonce, lapsesAt }: Motion,
  { subject, now }: { readonly subject: Pick<Hotspot, 'motions'>; readonly now: bigint },
): boolean {
  return nonce === subject.motions && now < lapsesAt;
}

/** Keys of the oracles of this set that are for it; none where the votes are of another set. */
export function votersFor({ generation, votes }: Motion, oracles: OracleSet): readonly PublicKey[] {
  return generation === oracles.generation ? oracles.keys.filter((_, place) => (votes >> place) & 1) : [];
}

/** From accounts and from events. */
export const evidenceOf = (fields: Fields): EvidencePlace => ({
  originHash: fields.hash('evidence_origin_hash'),
  index: fields.u64('evidence_index'),
});

const motionOf = (address: PublicKey, fields: Fields): Motion => ({
  address,
  network: fields.address('network'),
  kind: named(MOTION_KINDS, fields.int('kind'), 'kind'),
  subject: fields.address('subject'),
  nonce: fields.u64('nonce'),
  evidence: evidenceOf(fields),
  generation: fields.int('generation'),
  votes: fields.int('votes'),
  lapsesAt: fields.u64('lapses_at'),
  openedBy: fields.address('opened_by'),
});
