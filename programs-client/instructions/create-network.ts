import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { Hash } from '#protocol/units';
import {
  ballotAddress,
  ledgerAddress,
  mintAddress,
  networkAddress,
  networkNameBytes,
  vaultAddress,
} from '../address.ts';
import { keyNetworkNibble, type KeyNetwork } from '../hotspot-key.ts';
import { buildInstruction } from './instruction.ts';

/** What a network begins with; times in seconds, amounts in the token's smallest units. */
export interface NetworkConfig {
  readonly keyNetwork: KeyNetwork;
  readonly operations: PublicKey;
  readonly guardian: PublicKey;
  readonly epochLengthS: bigint;
  readonly firstEpochStart: bigint;
  readonly baseEmission: bigint;
  readonly halvingPeriodEpochs: number;
  /** What an owner puts behind a hotspot of tier bonded; 0: there is no such tier. */
  readonly bond: bigint;
  readonly k: number;
  readonly oracles: readonly PublicKey[];
  readonly holdbackEpochs: number;
  readonly policyHash: Hash;
  /** USD per token, 8 decimals. */
  readonly creditPrice: bigint;
  readonly challengeDelayS: number;
  readonly timelockS: number;
  readonly guardianVetoes: number;
}

/** Signed by the creator, who pays and becomes the authority. */
export function createNetwork(input: {
  readonly creator: PublicKey;
  readonly name: string;
  readonly config: NetworkConfig;
}): TransactionInstruction {
  const { creator, name, config } = input;
  const network = networkAddress(creator, name);
  return buildInstruction(
    'create_network',
    {
      creator,
      network,
      mint: mintAddress(network),
      vault: vaultAddress(network),
      ledger: ledgerAddress(network),
      ballot: ballotAddress(network),
    },
    {
      name: networkNameBytes(name),
      config: {
        key_network: keyNetworkNibble(config.keyNetwork),
        operations: config.operations,
        guardian: config.guardian,
        epoch_length_s: config.epochLengthS,
        first_epoch_start: config.firstEpochStart,
        base_emission: config.baseEmission,
        halving_period_epochs: config.halvingPeriodEpochs,
        bond: config.bond,
        k: config.k,
        oracles: config.oracles,
        holdback_epochs: config.holdbackEpochs,
        policy_hash: Buffer.from(config.policyHash, 'hex'),
        credit_price: config.creditPrice,
        challenge_delay_s: config.challengeDelayS,
        timelock_s: config.timelockS,
        guardian_vetoes: config.guardianVetoes,
      },
    },
  );
}
