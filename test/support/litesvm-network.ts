import type { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import {
  attest,
  claim,
  createNetwork,
  createTokenAccount,
  decodeNetwork,
  finalize,
  hotspotAddress,
  ledgerAddress,
  mintAddress,
  networkAddress,
  payeeAddress,
  policyAt,
  registerHotspot,
  registerMessage,
  tokenAccountAddress,
  vaultAddress,
  decodeHotspot,
  type Hotspot,
  type Location,
  type Network,
  type NetworkConfig,
} from '#client';
import { EMPTY_ROOT } from '#protocol/evidence/merkle';
import { hotspotLeafKey, payeeLeafKey, type Leaf } from '#protocol/settle/leaf';
import { settlementTree, type SettlementTree } from '#protocol/settle/tree';
import { GENESIS_PARENT, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Cell, type Hash } from '#protocol/units';
import { namedKeypair, type TestHotspot } from './litesvm-hotspot.ts';
import type { LiteChain, Outcome } from './litesvm.ts';

export interface TestNetwork {
  readonly chain: LiteChain;
  readonly address: PublicKey;
  readonly creator: Keypair;
  readonly oracles: readonly Keypair[];
  readonly config: NetworkConfig;
}

/** Unix time at which the test networks' epoch 0 begins. */
export const START = 1_800_000_000n;
export const EPOCH_S = 60n;
export const DELAY_S = 5n;
export const EMISSION = 1_000_000n;
export const POLICY_HASH = 'aa'.repeat(32) as Hash;
const ANY_HASH = '11'.repeat(32) as Hash;

export const hexHash = (bytes: Uint8Array): Hash => Buffer.from(bytes).toString('hex') as Hash;

export function networkConfig(overrides: Partial<NetworkConfig> = {}): NetworkConfig {
  return {
    keyNetwork: 'mainnet',
    operations: namedKeypair('operations').publicKey,
    guardian: namedKeypair('guardian').publicKey,
    epochLengthS: EPOCH_S,
    firstEpochStart: START,
    baseEmission: EMISSION,
    halvingPeriodEpochs: 0,
    bond: 0n,
    k: 2,
    oracles: [1, 2, 3].map((n) => namedKeypair(`oracle ${n}`).publicKey),
    holdbackEpochs: 0,
    policyHash: POLICY_HASH,
    creditPrice: 1_000n,
    challengeDelayS: Number(DELAY_S),
    timelockS: 10,
    guardianVetoes: 3,
    ...overrides,
  };
}

/** Creates a network an hour before its first epoch; its oracles are `oracle 1`, `oracle 2`, `oracle 3`. */
export function createTestNetwork(
  chain: LiteChain,
  name = 'test network',
  {
    creator = namedKeypair('creator'),
    ...overrides
  }: Partial<NetworkConfig> & { readonly creator?: Keypair } = {},
): TestNetwork {
  const config = networkConfig(overrides);
  chain.fund(creator.publicKey, 10_000_000_000n);
  chain.setTime(START - 3600n);
  chain.land([createNetwork({ creator: creator.publicKey, name, config })], [creator]);
  const oracles = [1, 2, 3].map((n) => namedKeypair(`oracle ${n}`));
  return { chain, address: networkAddress(creator.publicKey, name), creator, oracles, config };
}

export function networkState({ chain, address }: TestNetwork): Network {
  const account = chain.account(address);
  if (account === null) throw new Error('the network does not exist');
  return decodeNetwork(address, account.data);
}

export function hotspotState({ chain, address, config }: TestNetwork, { key }: TestHotspot): Hotspot {
  const at = once(`${address.toBase58()} ${key}`, () => hotspotAddress(address, key));
  const account = chain.account(at);
  if (account === null) throw new Error('the hotspot is not registered');
  return decodeHotspot(at, account.data, config.keyNetwork);
}

const CELL = 0x8c1fb46741ae9ffn as Cell;
export const LOCATION: Location = { cell: CELL, gain: 12, elevation: 5, mode: 'full' };

export function register(
  { chain, address }: TestNetwork,
  input: { readonly hotspot: TestHotspot; readonly owner: Keypair; readonly location?: Location | null },
): Outcome {
  const { hotspot, owner, location = LOCATION } = input;
  const message = registerMessage({ owner: owner.publicKey, gateway: hotspot.key, network: address });
  return chain.send(
    registerHotspot({
      payer: chain.payer.publicKey,
      owner: owner.publicKey,
      network: address,
      key: hotspot.key,
      signature: hotspot.sign(message),
      location,
    }),
    [owner],
  );
}

/** A leaf of a hotspot or, for a public key, of a payee. */
export function leaf(of: TestHotspot | PublicKey, cumulative: bigint): Leaf {
  const key = 'key' in of ? hotspotLeafKey(of.key) : payeeLeafKey(of.toBase58() as Address);
  return { key, cumulative: amount(cumulative) };
}

export function treeOf({ address }: TestNetwork, leaves: readonly Leaf[]): SettlementTree {
  return settlementTree({ network: address.toBase58() as Address, leaves });
}

/** The tuple that follows what the chain holds, under the policy that it has for the epoch. */
export function tupleOf(
  network: TestNetwork,
  epoch: bigint,
  tree: SettlementTree,
  overrides: Partial<Tuple> = {},
): Tuple {
  const state = networkState(network);
  return {
    network: network.address.toBase58() as Address,
    epoch: epochNumber(epoch),
    parentTupleHash: state.latest?.tupleHash ?? GENESIS_PARENT,
    root: tree.root,
    leafCount: tree.leaves.length,
    cumulativeTotal: amount(tree.total),
    creditsRoot: hexHash(EMPTY_ROOT),
    creditsCount: 0,
    evidenceHash: ANY_HASH,
    registryHash: ANY_HASH,
    policyHash: policyAt(state, epochNumber(epoch)).hash,
    stateHash: ANY_HASH,
    ...overrides,
  };
}

export const epochEnd = ({ config }: TestNetwork, epoch: bigint): bigint =>
  config.firstEpochStart + (epoch + 1n) * config.epochLengthS;

export function vote({ chain, oracles }: TestNetwork, tuple: Tuple, oracle: number): Outcome {
  const signer = oracles[oracle];
  if (signer === undefined) throw new Error(`there is no oracle ${oracle}`);
  return chain.send([attest({ oracle: signer.publicKey, tuple })], [signer]);
}

/** k oracles attest at the epoch's end, the delay passes, anyone finalizes. */
export function settle(
  network: TestNetwork,
  epoch: bigint,
  leaves: readonly Leaf[],
  overrides: Partial<Tuple> = {},
): { readonly tree: SettlementTree; readonly tuple: Tuple; readonly hash: Hash } {
  const { chain, oracles, config } = network;
  const tree = treeOf(network, leaves);
  const tuple = tupleOf(network, epoch, tree, overrides);
  chain.setTime(epochEnd(network, epoch));
  for (const oracle of oracles.slice(0, config.k))
    chain.land([attest({ oracle: oracle.publicKey, tuple })], [oracle]);
  chain.setTime(epochEnd(network, epoch) + BigInt(config.challengeDelayS));
  chain.land([finalize({ tuple })]);
  return { tree, tuple, hash: tupleHash(tuple) };
}

/** The account that claims for a leaf. */
export function subjectOf({ address }: TestNetwork, of: TestHotspot | PublicKey): PublicKey {
  return 'key' in of ? hotspotAddress(address, of.key) : payeeAddress(address, of);
}

/** The claim of a leaf of `tree`; `destination` is the wallet of a hotspot's owner, or the payee itself. */
export function claimOf(
  network: TestNetwork,
  of: TestHotspot | PublicKey,
  { tree, destination }: { readonly tree: SettlementTree; readonly destination: PublicKey },
): TransactionInstruction {
  const found = tree.prove(leaf(of, 1n).key);
  if (found === undefined) throw new Error('the tree has no such leaf');
  return claim({
    network: network.address,
    subject: subjectOf(network, of),
    destination,
    cumulative: found.leaf.cumulative,
    index: found.index,
    proof: found.proof,
  });
}

export function openTokenAccount({ chain, address }: TestNetwork, owner: PublicKey): void {
  chain.land([createTokenAccount({ payer: chain.payer.publicKey, network: address, owner })]);
}

export function balanceOf({ chain, address }: TestNetwork, owner: PublicKey): bigint {
  const account = once(`${address.toBase58()} ${owner.toBase58()}`, () =>
    tokenAccountAddress(address, owner),
  );
  return u64At(chain, account, 64);
}

export function supplyOf({ chain, address }: TestNetwork): bigint {
  return u64At(
    chain,
    once(`mint ${address.toBase58()}`, () => mintAddress(address)),
    36,
  );
}

/** What lies in the token account of all bonds. */
export function vaultOf({ chain, address }: TestNetwork): bigint {
  return u64At(
    chain,
    once(`vault ${address.toBase58()}`, () => vaultAddress(address)),
    64,
  );
}

export function totalClaimed({ chain, address }: TestNetwork): bigint {
  return u64At(
    chain,
    once(`ledger ${address.toBase58()}`, () => ledgerAddress(address)),
    42,
  );
}

// Deriving an address costs a millisecond, more than a transaction.
const derived = new Map<string, PublicKey>();
const once = (name: string, derive: () => PublicKey): PublicKey => {
  const known = derived.get(name) ?? derive();
  derived.set(name, known);
  return known;
};

const u64At = (chain: LiteChain, at: PublicKey, offset: number): bigint => {
  const account = chain.account(at);
  return account === null ? 0n : Buffer.from(account.data).readBigUInt64LE(offset);
};
