import { MintLayout } from '@solana/spl-token';
import { PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { createNetwork, mintAddress, networkAddress, type NetworkConfig } from '#client';
import type { Hash } from '#protocol/units';
import { namedKeypair } from '../support/litesvm-hotspot.ts';
import { START, createTestNetwork, networkConfig, networkState } from '../support/litesvm-network.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

describe('create_network', () => {
  const chain = openLiteChain();
  const creator = namedKeypair('creator');
  chain.fund(creator.publicKey, 10_000_000_000n);
  const keys = (count: number): PublicKey[] =>
    Array.from({ length: count }, (_, n) => namedKeypair(`oracle ${n}`).publicKey);
  const create = (name: string, overrides: Partial<NetworkConfig>): Outcome =>
    chain.send(
      [createNetwork({ creator: creator.publicKey, name, config: networkConfig(overrides) })],
      [creator],
    );

  const refused: readonly (readonly [string, Partial<NetworkConfig>, string])[] = [
    ['no oracles', { oracles: [], k: 0 }, 'InvalidOracleSet'],
    ['17 oracles', { oracles: keys(17), k: 9 }, 'InvalidOracleSet'],
    ['the same oracle twice', { oracles: [...keys(2), ...keys(1)], k: 2 }, 'InvalidOracleSet'],
    ['a zero key as an oracle', { oracles: [...keys(2), PublicKey.default], k: 2 }, 'InvalidOracleSet'],
    ['half of the oracles as threshold', { oracles: keys(4), k: 2 }, 'InvalidOracleSet'],
    ['a threshold of none', { oracles: keys(1), k: 0 }, 'InvalidOracleSet'],
    ['a threshold above all', { oracles: keys(3), k: 4 }, 'InvalidOracleSet'],
    ['epochs of no time', { epochLengthS: 0n, challengeDelayS: 0 }, 'InvalidEpochLength'],
    ['a first epoch at time 0', { firstEpochStart: 0n }, 'InvalidFirstEpochStart'],
    ['four delays longer than an epoch', { epochLengthS: 59n, challengeDelayS: 15 }, 'InvalidChallengeDelay'],
    ['delays that overflow', { challengeDelayS: 0xffff_ffff }, 'InvalidChallengeDelay'],
    ['no policy', { policyHash: '00'.repeat(32) as Hash }, 'InvalidPolicy'],
  ];
  it.each(refused)('refuses %s', (_, overrides, error) => {
    expect(create('refused', overrides).error).toBe(error);
    expect(chain.account(networkAddress(creator.publicKey, 'refused'))).toBeNull();
  });

  it.each([0x01, 0x20, 0xff])('refuses the key network %i', (nibble) => {
    const instruction = createNetwork({
      creator: creator.publicKey,
      name: 'refused',
      config: networkConfig(),
    });
    instruction.data.writeUInt8(nibble, 8 + 32);
    expect(chain.send([instruction], [creator]).error).toBe('InvalidKeyNetwork');
  });

  it.each([
    ['16 oracles', { oracles: keys(16), k: 9 }],
    ['a single oracle', { oracles: keys(1), k: 1 }],
    ['hotspots of the test key network', { keyNetwork: 'testnet' as const }],
    ['four delays as long as an epoch', { epochLengthS: 60n, challengeDelayS: 15 }],
    ['no delay', { challengeDelayS: 0 }],
    ['an epoch that began long ago', { firstEpochStart: 1n }],
  ])('accepts %s', (name, overrides) => {
    const network = createTestNetwork(chain, name, overrides);
    const { oracles, ...rest } = networkState(network);
    expect(oracles).toEqual({ generation: 1, k: network.config.k, keys: network.config.oracles });
    expect(rest).toMatchObject({
      name,
      keyNetwork: network.config.keyNetwork,
      epochLengthS: network.config.epochLengthS,
      firstEpochStart: network.config.firstEpochStart,
      challengeDelayS: network.config.challengeDelayS,
      halvingPeriodEpochs: network.config.halvingPeriodEpochs,
      holdbackEpochs: network.config.holdbackEpochs,
      timelockS: network.config.timelockS,
      guardianVetoesAllowed: network.config.guardianVetoes,
      guardianVetoesUsed: 0,
    });
  });

  it('makes the network the only authority of its mint', () => {
    const network = createTestNetwork(chain, 'with a mint');
    const mint = MintLayout.decode(chain.account(mintAddress(network.address))?.data ?? new Uint8Array());
    expect(mint).toMatchObject({
      mintAuthorityOption: 1,
      mintAuthority: network.address,
      freezeAuthorityOption: 0,
      decimals: 8,
      supply: 0n,
    });
  });

  it('keeps the networks of one creator apart by name', () => {
    const [first, second] = ['one', 'two'].map((name) => createTestNetwork(chain, name));
    expect(first?.address).not.toEqual(second?.address);
    chain.setTime(START);
    expect(create('one', {}).error).toBe('AlreadyCreated');
  });
});
