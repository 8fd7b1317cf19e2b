import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, PublicKey } from '@solana/web3.js';
import { readBallot, readHotspots, readLedger, readNetwork, type Network } from '#client';
import { epochNumber } from '#protocol/units';
import { epochBounds } from '#services/runtime/chain-epoch';
import type { Hotspot } from '#services/simulate/fleet';
import { tokens } from './report/table.ts';
import type { Reporter } from './say.ts';

const POLL_MS = 500;
const NEWS_MS = 15_000;
/** After an epoch's end: its grace, the publishing delay, computing, the challenge delay and claims, on a busy machine. */
const PATIENCE_S = 150;

export interface WatchInput {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** Waiting longer cannot help. */
class TooLate extends Error {}

/** Polls until there is an answer; outages of the chain are waited out. */
export async function poll<Answer>(
  signal: AbortSignal,
  ask: () => Promise<Answer | null>,
  patienceMs = Infinity,
): Promise<Answer> {
  const deadline = Date.now() + patienceMs;
  let failure: unknown = null;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof TooLate) throw error;
      failure = error;
      return null;
    });
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error('waited too long', { cause: failure });
    await sleep(POLL_MS, undefined, { signal });
  }
}

/**
 * Waits until every hotspot is registered, and the listed ones endorsed. In a network that is new all of it must hold from
 * the first epoch on: fails where that begins before.
 */
export async function watchRegistration(
  input: WatchInput & { readonly fleet: readonly Hotspot[]; readonly created: boolean },
): Promise<Network> {
  const { connection, fleet, created, reporter, signal } = input;
  let said = 0;
  return poll(signal, async () => {
    const network = await readNetwork(connection, input.network, { commitment: 'confirmed' });
    const { value } = await readHotspots(connection, network, { commitment: 'confirmed' });
    const registered = new Map(value.map((hotspot) => [hotspot.key, hotspot]));
    if (registered.size !== said)
      reporter.say('simulate', `${registered.size} of ${fleet.length} hotspots registered`);
    said = registered.size;
    const waiting = fleet.filter(({ key, endorsed }) => {
      const tier = registered.get(key)?.tier;
      return tier === undefined || (endorsed && tier.next === 'open');
    });
    const late = fleet.filter(({ key, endorsed }) => {
      const tier = registered.get(key)?.tier;
      return endorsed && tier !== undefined && tier.next !== 'open' && tier.nextFrom > 0n;
    });
    const begun = Date.now() / 1000 >= Number(network.firstEpochStart);
    if (created && (late.length > 0 || (begun && waiting.length > 0)))
      throw new TooLate(
        `the first epoch began when ${registered.size} of ${fleet.length} hotspots were registered and ` +
          `${fleet.length - waiting.length - late.length} ready: this machine is too slow or too busy; ` +
          'end other work, remove the data folder and start again',
      );
    return waiting.length === 0 ? network : null;
  });
}

/** Follows one epoch from its beginning until it is final and everybody is paid, and says what happens. */
export async function watchEpoch(
  input: WatchInput & { readonly epoch: bigint; readonly news: () => Promise<string> },
): Promise<void> {
  const { connection, network: address, epoch, reporter, signal, news } = input;
  const { say, mark } = reporter;
  const network = await poll(signal, () => readNetwork(connection, address));
  const { start, end } = epochBounds(network, epochNumber(epoch));
  const until = async (second: number): Promise<void> => {
    for (let told = Date.now(); Date.now() < second * 1000;) {
      await sleep(Math.min(POLL_MS, second * 1000 - Date.now() + 1), undefined, { signal });
      if (Date.now() - told < NEWS_MS || Date.now() >= second * 1000) continue;
      told = Date.now();
      say('ingest', await news());
    }
  };
  const late = Date.now() / 1000 - start;
  await until(start);
  const begun = late < 1 ? 'begins' : `began ${late.toFixed(0)} s ago`;
  say('epoch', `${epoch} ${begun}, ${end - start} s long`);
  mark(`wait for epoch ${epoch}`);
  await until(end);
  say('epoch', `${epoch} is over; the log is closed after the grace and published 15 s later`);
  mark(`epoch ${epoch} itself`);
  await watchSettlement({ ...input, deadline: end + PATIENCE_S });
  await watchClaims(input);
}

/** Waits until the epoch and its claims stand at commitment `finalized`, which is what an auditor reads. */
export async function watchFinality(input: WatchInput & { readonly epoch: bigint }): Promise<void> {
  const { connection, network: address, epoch, signal } = input;
  await poll(
    signal,
    async () => {
      const { latest } = await readNetwork(connection, address, { commitment: 'finalized' });
      const { totalClaimed } = await readLedger(connection, address, { commitment: 'finalized' });
      return latest !== null && latest.epoch >= epoch && totalClaimed >= latest.cumulativeTotal
        ? latest
        : null;
    },
    PATIENCE_S * 1000,
  );
}

async function watchSettlement(
  input: WatchInput & { readonly epoch: bigint; readonly deadline: number },
): Promise<void> {
  const { connection, network: address, epoch, reporter, signal, deadline } = input;
  const { say, mark } = reporter;
  const voted = new Set<number>();
  let ripe = false;
  await poll(
    signal,
    async () => {
      const ballot = await readBallot(connection, address, { commitment: 'confirmed' });
      ballot.votes.forEach((vote, oracle) => {
        if (vote?.epoch !== epoch || voted.has(oracle)) return;
        if (voted.size === 0) mark(`close, publish and compute epoch ${epoch}`);
        voted.add(oracle);
        say('settle', `oracle ${oracle} attested epoch ${epoch}: tuple ${vote.tupleHash.slice(0, 16)}`);
      });
      if (!ripe && ballot.ripe?.epoch === epoch) {
        ripe = true;
        say('settle', `epoch ${epoch} is ripe: the challenge delay runs`);
      }
      const { latest } = await readNetwork(connection, address, { commitment: 'confirmed' });
      return latest !== null && latest.epoch >= epoch ? latest : null;
    },
    deadline * 1000 - Date.now(),
  ).then((latest) => {
    say(
      'claim',
      `epoch ${latest.epoch} is final: root ${latest.root.slice(0, 16)}, ${latest.leafCount} leaves`,
    );
    mark(`delay and finalize epoch ${epoch}`);
  });
}

async function watchClaims(input: WatchInput & { readonly epoch: bigint }): Promise<void> {
  const { connection, network: address, epoch, reporter, signal } = input;
  let first = true;
  const claimed = await poll(
    signal,
    async () => {
      const { latest } = await readNetwork(connection, address, { commitment: 'confirmed' });
      const { totalClaimed } = await readLedger(connection, address, { commitment: 'confirmed' });
      if (first && totalClaimed > 0n) reporter.mark('first claim');
      if (totalClaimed > 0n) first = false;
      return latest !== null && totalClaimed === latest.cumulativeTotal ? totalClaimed : null;
    },
    PATIENCE_S * 1000,
  );
  reporter.say('claim', `everybody is paid: ${tokens(claimed)} tokens minted so far`);
  reporter.mark(`claims of epoch ${epoch}`);
}
