import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import {
  endorseHotspot,
  readHotspots,
  readMaker,
  readNetwork,
  registerHotspot,
  registerMessage,
  sendInstructions,
  setEndorsedRoot,
} from '#client';
import { endorsedList } from '#services/runtime/endorsed-list';
import type { Hotspot } from '../fleet.ts';

/** What a hotspot needs to register itself. */
export type Registrable = Pick<
  Hotspot,
  'key' | 'sign' | 'owner' | 'cell' | 'gain' | 'elevation' | 'endorsed'
>;

export interface RegisterOptions {
  readonly connection: Connection;
  readonly network: PublicKey;
  /** Pays all fees and rents; gains no right by it. */
  readonly payer: Keypair;
  /** The maker of the endorsed hotspots, whom the network's authority has approved. */
  readonly maker: Keypair;
  readonly fleet: readonly Registrable[];
  readonly signal: AbortSignal;
}

/** Registers and endorses what is not so yet; returns how many were new. Each hotspot signs for itself. */
export async function registerFleet(options: RegisterOptions): Promise<{ readonly registered: number }> {
  const { connection, network, payer, fleet, signal } = options;
  const { value } = await readHotspots(connection, await readNetwork(connection, network));
  const tiers = new Map(value.map((hotspot) => [hotspot.key, hotspot.tier.next]));
  const missing = fleet.filter(({ key }) => !tiers.has(key));
  await Promise.all(missing.map((hotspot) => register({ connection, network, payer, hotspot, signal })));
  const toEndorse = fleet.filter(({ key, endorsed }) => endorsed && (tiers.get(key) ?? 'open') === 'open');
  if (toEndorse.length > 0) await endorse(options, toEndorse);
  return { registered: missing.length };
}

async function register(options: {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly payer: Keypair;
  readonly hotspot: Registrable;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { connection, network, payer, hotspot, signal } = options;
  const { key, owner, cell, gain, elevation } = hotspot;
  const instructions = registerHotspot({
    payer: payer.publicKey,
    owner: owner.publicKey,
    network,
    key,
    signature: hotspot.sign(registerMessage({ owner: owner.publicKey, gateway: key, network })),
    location: { cell, gain, elevation, mode: 'full' },
  });
  await sendInstructions(connection, { instructions, payer, signers: [owner], signal });
}

async function endorse(options: RegisterOptions, hotspots: readonly Registrable[]): Promise<void> {
  const { connection, network, payer, maker, fleet, signal } = options;
  const list = endorsedList(fleet.filter(({ endorsed }) => endorsed).map(({ key }) => key));
  const { root, count } = list;
  const published = await readMaker(connection, { network, key: maker.publicKey });
  if (published?.endorsedRoot !== root) {
    const instruction = setEndorsedRoot({ maker: maker.publicKey, network, root, count });
    await sendInstructions(connection, { instructions: [instruction], payer, signers: [maker], signal });
  }
  await Promise.all(
    hotspots.map(async ({ key }) => {
      const proof = list.proofOf(key);
      if (proof === null) return;
      const instruction = endorseHotspot({ network, maker: maker.publicKey, key, ...proof });
      await sendInstructions(connection, { instructions: [instruction], payer, signal });
    }),
  );
}
