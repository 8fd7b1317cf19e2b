import type { Connection, PublicKey } from '@solana/web3.js';
import { readLedger, readNetwork, readTokenBalance, readTokenSupply } from '#client';
import { cellsApart } from '#protocol/geo/cell';
import { FILES, openFile, type FolderFiles } from '#protocol/settle/folder';
import { openTuple } from '#protocol/settle/tuple';
import { epochNumber, type HotspotKey } from '#protocol/units';
import { readEpochFiles } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import type { Hotspot } from '#services/simulate/fleet';
import { metresBetween } from '#services/simulate/medium/place';
import type { Actor, Money, Roots } from './checks.ts';
import { judgedReports, type JudgedReport } from './verdicts.ts';

/** Hotspots of one city hear each other; cities are farther apart than any radio reaches. */
const CITY_METRES = 20_000;

/** What the oracles published about epochs: their roots, and folder and verdicts of the first that has them. */
export async function collectEpochs(
  epochs: readonly bigint[],
  urls: readonly string[],
): Promise<{
  readonly roots: readonly Roots[];
  readonly reports: readonly JudgedReport[];
  readonly folders: readonly FolderFiles[];
}> {
  const roots: Roots[] = [];
  const first: FolderFiles[] = [];
  const reports: JudgedReport[] = [];
  for (const epoch of epochs) {
    const folders = await Promise.all(
      urls.map((url) => readEpochFiles(openPublicFiles(url), epochNumber(epoch)).catch(() => null)),
    );
    roots.push({ epoch, oracles: folders.map((files) => (files === null ? null : rootOf(files))) });
    const [files] = folders.filter((found) => found !== null);
    if (files === undefined) continue;
    first.push(files);
    reports.push(...judgedReports(files));
  }
  return { roots, reports, folders: first };
}

function rootOf(files: FolderFiles): string {
  return openFile(files, FILES.tuple, openTuple).root;
}

/** Ordered pairs of honest hotspots of one city, of which one at least is endorsed. */
export function honestPairs(fleet: readonly Hotspot[]): readonly (readonly [Hotspot, Hotspot])[] {
  const honest = fleet.filter(({ role }) => role === 'honest');
  return honest.flatMap((beaconer) =>
    honest
      .filter((witness) => witness !== beaconer)
      .filter((witness) => metresBetween(witness.place, beaconer.place) < CITY_METRES)
      .filter((witness) => witness.endorsed || beaconer.endorsed)
      .map((witness) => [beaconer, witness] as const),
  );
}

/** Those that a crowder stands too near to, by the cells that are asserted. */
export function crowdedKeys(fleet: readonly Hotspot[]): ReadonlySet<HotspotKey> {
  const crowders = fleet.filter(({ role }) => role === 'crowder');
  const crowded = fleet.filter((peer) =>
    crowders.some((crowder) => crowder !== peer && (cellsApart(crowder.cell, peer.cell) ?? Infinity) < 8),
  );
  return new Set(crowded.map(({ key }) => key));
}

export async function collectMoney(options: {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly hotspots: readonly Hotspot[];
  /** Oracles and the operations fund. */
  readonly payees: readonly PublicKey[];
}): Promise<{ readonly money: Money; readonly balanceOf: (actor: Actor) => bigint }> {
  const { connection, network, hotspots, payees } = options;
  const balance = async (owner: PublicKey): Promise<bigint> =>
    (await readTokenBalance(connection, { network, owner }, 'confirmed')) ?? 0n;
  const ofHotspots = new Map<string, bigint>();
  for (const { key, owner } of hotspots) ofHotspots.set(key, await balance(owner.publicKey));
  const ofPayees = await Promise.all(payees.map(balance));
  const { latest } = await readNetwork(connection, network);
  const ledger = await readLedger(connection, network);
  const money = {
    minted: await readTokenSupply(connection, network, 'confirmed'),
    claimed: ledger.totalClaimed,
    burned: ledger.creditsBurned - ledger.creditsRefunded,
    cumulative: latest?.cumulativeTotal ?? 0n,
    balances: [...ofHotspots.values(), ...ofPayees].reduce((sum, each) => sum + each, 0n),
  };
  return { money, balanceOf: ({ key }) => ofHotspots.get(key) ?? 0n };
}
