import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import { MOTION_KINDS, mintAddress, motionAddress, vaultAddress, type MotionName } from '../address.ts';
import { buildInstruction } from './instruction.ts';

/** An oracle's vote, signed by it. The first one opens the motion, at the oracle's cost. */
export function move({
  oracle,
  motion,
}: {
  readonly oracle: PublicKey;
  readonly motion: MotionName;
}): TransactionInstruction {
  const { network, subject, kind, nonce, evidence } = motion;
  return buildInstruction(
    'move',
    { oracle, network, hotspot: subject, motion: motionAddress(motion) },
    {
      kind: MOTION_KINDS[kind],
      nonce,
      evidence_origin_hash: Buffer.from(evidence.originHash, 'hex'),
      evidence_index: evidence.index,
    },
  );
}

/** Does what k oracles want, from the next epoch on; signed by nobody but who pays the fee. */
export function applyMotion(motion: MotionName): TransactionInstruction {
  const { network, subject } = motion;
  return buildInstruction(
    'apply_motion',
    {
      network,
      motion: motionAddress(motion),
      hotspot: subject,
      mint: mintAddress(network),
      vault: vaultAddress(network),
    },
    {},
  );
}

/** Ends a motion that is open no longer, and gives its rent back; signed by nobody but who pays the fee. */
export function closeMotion(motion: MotionName & { readonly openedBy: PublicKey }): TransactionInstruction {
  const { network, subject, openedBy } = motion;
  return buildInstruction(
    'close_motion',
    { network, motion: motionAddress(motion), hotspot: subject, opened_by: openedBy },
    {},
  );
}
