import type { Keypair } from '@solana/web3.js';
import { applyMotion, hotspotAddress, move, type EvidencePlace, type MotionName } from '#client';
import type { Hash } from '#protocol/units';
import type { TestHotspot } from './litesvm-hotspot.ts';
import type { TestNetwork } from './litesvm-network.ts';
import type { Outcome } from './litesvm.ts';

/** A record of some evidence log. */
export const EVIDENCE: EvidencePlace = { originHash: '77'.repeat(32) as Hash, index: 12n };

/** The first motion about a hotspot, to quarantine it, or as `change` says. */
export function motionAbout(
  { address }: TestNetwork,
  { key }: TestHotspot,
  change: Partial<Pick<MotionName, 'kind' | 'nonce' | 'evidence'>> = {},
): MotionName {
  const subject = hotspotAddress(address, key);
  return { network: address, kind: 'quarantine', subject, nonce: 0n, evidence: EVIDENCE, ...change };
}

/** Signed and paid by the oracle. */
export function voteFor({ chain }: TestNetwork, motion: MotionName, oracle: Keypair): Outcome {
  return chain.send([move({ oracle: oracle.publicKey, motion })], [oracle]);
}

/** The first k oracles vote for it. */
export function carry({ chain, oracles, config }: TestNetwork, motion: MotionName): void {
  for (const oracle of oracles.slice(0, config.k))
    chain.land([move({ oracle: oracle.publicKey, motion })], [oracle]);
}

/** The first k oracles vote for it, and somebody applies it. */
export function decide(network: TestNetwork, motion: MotionName): Outcome {
  carry(network, motion);
  return network.chain.send([applyMotion(motion)]);
}
