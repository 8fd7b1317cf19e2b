import {
  AuthorityType,
  createCloseAccountInstruction,
  createSetAuthorityInstruction,
} from '@solana/spl-token';
import { TransactionInstruction, type Keypair, type PublicKey } from '@solana/web3.js';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  buyCredits,
  creditsAddress,
  hotspotAddress,
  proposePolicy,
  settleCredits,
  tokenAccountAddress,
  withdrawCredits,
} from '#client';
import { creditsAt } from '#protocol/settle/registry';
import { epochNumber, type Hash } from '#protocol/units';
import { creditsMoney, creditsState, creditsTree, type TestCreditsTree } from '../support/litesvm-credits.ts';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  balanceOf,
  claimOf,
  createTestNetwork,
  epochEnd,
  leaf,
  openTokenAccount,
  register,
  settle,
  supplyOf,
  totalClaimed,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const RICH = 1_000_000n;
/** $1 per token: a credit costs 1,000 smallest units. */
const DOLLAR = 100_000_000n;
const owner = namedKeypair('owner of devices');
const hotspot = namedHotspot('earner', 'ed25519');
const leaves = [leaf(hotspot, RICH)];
const MOST = 2n ** 64n - 1n;
/** Offset in the Network account. */
const FINALIZED_ANY = 1497;

describe('data credits', { timeout: 60_000 }, () => {
  let network: TestNetwork;

  /** The owner has tokens, epoch 0 is final, and the clock is in epoch 1. */
  beforeEach(() => {
    const chain = openLiteChain();
    chain.fund(owner.publicKey, 1_000_000_000n);
    network = createTestNetwork(chain, 'credits', { creditPrice: DOLLAR });
    register(network, { hotspot, owner });
    openTokenAccount(network, owner.publicKey);
    const { tree } = settle(network, 0n, leaves);
    chain.land([claimOf(network, hotspot, { tree, destination: owner.publicKey })]);
  });

  const buy = (credits: bigint, { by = owner, maxTokens = MOST } = {}): Outcome =>
    network.chain.send(
      [buyCredits({ owner: by.publicKey, network: network.address, credits, maxTokens })],
      [by],
    );
  const withdraw = (credits: bigint, by: Keypair = owner): Outcome =>
    network.chain.send([withdrawCredits({ owner: by.publicKey, network: network.address, credits })], [by]);
  const state = () => creditsState(network, owner.publicKey);
  /** The epoch becomes final, and says what the owner used. */
  const finish = (epoch: bigint, used: bigint): TestCreditsTree => {
    const tree = creditsTree(network, [
      { owner: owner.publicKey, total: used },
      { owner: namedKeypair('another owner').publicKey, total: 7n },
    ]);
    settle(network, epoch, leaves, tree.pins);
    return tree;
  };
  const settleOf = (tree: TestCreditsTree, of = owner.publicKey): Outcome =>
    network.chain.send([tree.settlementOf(of)]);

  it('cost what the policy says, are burned, and hold from the next epoch on', () => {
    const outcome = buy(100n, { maxTokens: 100_000n });
    expect(outcome.events).toMatchObject([
      { name: 'CreditsBought', credits: 100n, burned: 100_000n, fromEpoch: 2n },
    ]);
    expect([balanceOf(network, owner.publicKey), supplyOf(network)]).toEqual([900_000n, 900_000n]);
    expect(state()).toMatchObject({
      owner: owner.publicKey.toBase58(),
      firstEpoch: 2n,
      balance: { current: 0n, next: 100n, nextFrom: 2n },
      settled: 0n,
      refundable: 100_000n,
      withdrawal: null,
    });
    expect(creditsAt([state()], epochNumber(1n))).toEqual([]);
    expect(creditsAt([state()], epochNumber(2n))).toEqual([
      { owner: owner.publicKey.toBase58(), balance: 100n },
    ]);
  });

  it('of several purchases in one epoch add up', () => {
    buy(100n);
    buy(11n);
    expect(state().balance).toEqual({ current: 0n, next: 111n, nextFrom: 2n });
    expect(creditsMoney(network)).toEqual({ burned: 111_000n, refunded: 0n });
  });

  it('are not bought beyond the maximum, without a price, without tokens or for nothing', () => {
    expect(buy(0n).error).toBe('NoCredits');
    expect(buy(100n, { maxTokens: 99_999n }).error).toBe('CostAboveMaximum');
    expect(buy(1_001n).error).toBe('CreditsNotCovered');
    expect(buy(MOST).error).toBe('OutOfRange');
    const poor = namedKeypair('poor');
    network.chain.fund(poor.publicKey, 1_000_000_000n);
    expect(buy(1n, { by: poor }).error).toBe('CreditsNotCovered');
    const free = createTestNetwork(network.chain, 'free', { creditPrice: 0n });
    const outcome = network.chain.send(
      [buyCredits({ owner: owner.publicKey, network: free.address, credits: 1n, maxTokens: MOST })],
      [owner],
    );
    expect(outcome.error).toBe('NoCreditPrice');
  });

  it('are not bought out of a token account that has become somebody else’s', () => {
    const source = tokenAccountAddress(network.address, owner.publicKey);
    const to = namedKeypair('somebody').publicKey;
    network.chain.land(
      [createSetAuthorityInstruction(source, owner.publicKey, AuthorityType.AccountOwner, to)],
      [owner],
    );
    expect(buy(1n).error).toBe('WrongSource');
  });

  it('cost the price of the policy that is in force when they are bought', () => {
    const { creator, chain } = network;
    const policy = { hash: 'bb'.repeat(32) as Hash, creditPrice: 3n * DOLLAR };
    const proposal = { authority: creator.publicKey, network: network.address, policy };
    chain.land([proposePolicy({ ...proposal, firstEpoch: epochNumber(2n) })], [creator]);
    expect(buy(1n).events).toMatchObject([{ burned: 1_000n }]);
    finish(1n, 0n);
    // 333 1/3 smallest units, rounded up.
    expect(buy(1n).events).toMatchObject([{ burned: 334n }]);
  });

  it('wait for the epochs that read what a purchase would overwrite', () => {
    buy(10n);
    network.chain.setTime(epochEnd(network, 1n));
    expect([buy(1n).error, withdraw(1n).error]).toEqual(['RegistryBusy', 'RegistryBusy']);
    finish(1n, 0n);
    expect([buy(1n).error, state().balance]).toEqual([null, { current: 10n, next: 11n, nextFrom: 3n }]);
  });

  it('can be asked back as far as they are in force and not settled, one withdrawal at a time', () => {
    buy(100n);
    expect([withdraw(1n).error, withdraw(0n).error]).toEqual(['CreditsNotFree', 'NoCredits']);
    settleOf(finish(1n, 60n));
    expect(withdraw(41n).error).toBe('CreditsNotFree');
    expect(withdraw(40n).events).toMatchObject([{ name: 'CreditsAskedBack', credits: 40n, fromEpoch: 3n }]);
    expect(withdraw(1n).error).toBe('WithdrawalPending');
    expect(state()).toMatchObject({
      balance: { current: 100n, next: 60n, nextFrom: 3n },
      withdrawal: { credits: 40n, fromEpoch: 3n },
    });
    expect(withdraw(1n, namedKeypair('stranger')).error).toBe('WrongOwner');
  });

  it('that were asked back are paid at what they cost, when all use of them is final', () => {
    buy(100n);
    settleOf(finish(1n, 0n));
    withdraw(50n);
    expect(settleOf(creditsTree(network, [])).error).toBe('InvalidCreditsProof');
    const tree = finish(2n, 20n);
    expect(settleOf(tree).events).toMatchObject([
      { name: 'CreditsSettled', settledTotal: 20n, withdrawn: 50n, refunded: 50_000n },
    ]);
    expect(balanceOf(network, owner.publicKey)).toBe(RICH - 50_000n);
    expect(creditsMoney(network)).toEqual({ burned: 100_000n, refunded: 50_000n });
    expect(supplyOf(network)).toBe(totalClaimed(network) + 50_000n - 100_000n);
    expect(state()).toMatchObject({ settled: 20n, refundable: 30_000n, withdrawal: null });
    // A second time changes nothing.
    expect(settleOf(tree).events).toMatchObject([{ withdrawn: 0n, refunded: 0n }]);
    expect(balanceOf(network, owner.publicKey)).toBe(RICH - 50_000n);
  });

  it('that were asked back are not paid before the epoch is final in which they can still be used', () => {
    buy(100n);
    const tree = finish(1n, 0n);
    withdraw(50n);
    expect(settleOf(tree).events).toMatchObject([{ withdrawn: 0n, refunded: 0n }]);
    expect(state().withdrawal).toEqual({ credits: 50n, fromEpoch: 3n });
  });

  it('that were used after they were asked back are not paid, and are on the balance again', () => {
    buy(100n);
    settleOf(finish(1n, 0n));
    withdraw(80n);
    expect(settleOf(finish(2n, 90n)).events).toMatchObject([{ withdrawn: 10n, refunded: 10_000n }]);
    expect(state()).toMatchObject({
      balance: { current: 20n, next: 90n, nextFrom: 4n },
      settled: 90n,
      refundable: 0n,
    });
    expect(creditsMoney(network)).toEqual({ burned: 100_000n, refunded: 10_000n });
  });

  it('do not become cheaper by buying more after they were used', () => {
    const { creator, chain } = network;
    buy(100n);
    settleOf(finish(1n, 0n));
    const policy = { hash: 'bb'.repeat(32) as Hash, creditPrice: 10n * DOLLAR };
    const proposal = { authority: creator.publicKey, network: network.address, policy };
    chain.land([proposePolicy({ ...proposal, firstEpoch: epochNumber(3n) })], [creator]);
    settleOf(finish(2n, 0n));
    // All are used in epoch 3, which is not final when 900 more are bought for a tenth of the price.
    buy(900n);
    settleOf(finish(3n, 100n));
    withdraw(900n);
    expect(settleOf(finish(4n, 100n)).events).toMatchObject([{ withdrawn: 900n, refunded: 90_000n }]);
    expect(creditsMoney(network)).toEqual({ burned: 190_000n, refunded: 90_000n });
  });

  it('are settled by anyone with a proof to the latest root, and by nothing else', () => {
    buy(100n);
    const address = network.address;
    const none = { network: address, owner: owner.publicKey, settledTotal: 5n, index: 0, proof: [] };
    expect(network.chain.send([settleCredits(none)]).error).toBe('InvalidCreditsProof');
    const old = finish(1n, 5n);
    expect([settleOf(old).error, state().settled]).toEqual([null, 5n]);
    const tree = finish(2n, 8n);
    expect(settleOf(old).error).toBe('InvalidCreditsProof');
    const long = { ...none, proof: Array.from({ length: 21 }, () => new Uint8Array(32)) };
    expect(network.chain.send([settleCredits(long)]).error).toBe('ProofTooLong');
    expect([settleOf(tree).error, state().settled]).toEqual([null, 8n]);
    // Oracles that make a total fall change nothing.
    expect([settleOf(finish(3n, 2n)).error, state().settled]).toEqual([null, 8n]);
    expect(balanceOf(network, owner.publicKey)).toBe(RICH - 100_000n);
  });

  it('are not settled before anything is final', () => {
    buy(100n);
    const tree = finish(1n, 5n);
    const { chain, address } = network;
    const account = chain.account(address);
    if (account === null) throw new Error('the network does not exist');
    // Tokens to buy credits with exist only once an epoch is final: the account is made to say that none is.
    const data = account.data.map((byte, offset) => (offset === FINALIZED_ANY ? 0 : byte));
    chain.setAccount(address, { ...account, data });
    expect(settleOf(tree).error).toBe('NothingFinalized');
  });

  it('that were asked back are paid to the owner’s token account once that exists', () => {
    buy(1_000n);
    settleOf(finish(1n, 0n));
    withdraw(10n);
    const tree = finish(2n, 0n);
    const source = tokenAccountAddress(network.address, owner.publicKey);
    network.chain.land([createCloseAccountInstruction(source, owner.publicKey, owner.publicKey)], [owner]);
    expect(settleOf(tree).error).toBe('DestinationMissing');
    openTokenAccount(network, owner.publicKey);
    expect(settleOf(tree).events).toMatchObject([{ withdrawn: 10n, refunded: 10_000n }]);
  });

  it('are added to the owner’s own account and to no other', () => {
    buy(10n);
    const other = namedKeypair('another owner');
    network.chain.fund(other.publicKey, 1_000_000_000n);
    openTokenAccount(network, other.publicKey);
    const { address } = network;
    const order = buyCredits({ owner: other.publicKey, network: address, credits: 1n, maxTokens: MOST });
    const inPlace = (account: PublicKey): string | null => {
      const keys = order.keys.map((key, place) => (place === 3 ? { ...key, pubkey: account } : key));
      const { programId, data } = order;
      return network.chain.send([new TransactionInstruction({ programId, keys, data })], [other]).error;
    };
    expect(inPlace(creditsAddress(address, owner.publicKey))).toBe('WrongAddress');
    expect(inPlace(hotspotAddress(address, hotspot.key))).toBe('WrongDiscriminator');
  });

  it('leave no account behind where they are refused', () => {
    expect(buy(1_001n).landed).toBe(false);
    expect(network.chain.account(creditsAddress(network.address, owner.publicKey))).toBeNull();
  });
});
