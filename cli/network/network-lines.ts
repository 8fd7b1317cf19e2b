import type { PublicKey } from '@solana/web3.js';
import { ballotOracles, guardianAt, liveVotes, type OracleSet } from '#client';
import { printable } from '../shown.ts';
import type { NetworkView } from './network-view.ts';

/** Who decides in a network, what is pending, what oracles voted for and what is ripe: a line each. */
export function networkLines(view: NetworkView): readonly string[] {
  const { network, unixTime } = view;
  return [
    `network ${network.address.toBase58()} "${printable(network.name)}", at ${timeText(unixTime)}`,
    ...authorityLines(view),
    ...guardianLines(view),
    ...oracleLines(view),
    ...pendingOracleLines(view),
    network.latest === null
      ? 'no epoch is final'
      : `final: epoch ${network.latest.epoch}, tuple ${network.latest.tupleHash}`,
    ripeLine(view),
  ];
}

/** Seconds as people read them. */
export function timeText(seconds: number | bigint): string {
  return new Date(Number(seconds) * 1000).toISOString().replace('.000', '');
}

/** "none" where there is nobody. */
export function keyTextOf(key: PublicKey | null): string {
  return key === null ? 'none' : key.toBase58();
}

const authorityLines = ({ network }: NetworkView): readonly string[] => {
  const { authority, pendingAuthority: pending } = network;
  const offer = pending && `  ${pending.key.toBase58()} may accept from ${timeText(pending.from)} on`;
  return [`authority ${authority.toBase58()}`, ...(offer === null ? [] : [offer])];
};

const guardianLines = ({ network, unixTime }: NetworkView): readonly string[] => {
  const { guardianVetoesAllowed: allowed, guardianVetoesUsed: used, pendingGuardian: pending } = network;
  const now = keyTextOf(guardianAt(network, unixTime));
  const line = `guardian ${now}, ${Math.max(allowed - used, 0)} of ${allowed} vetoes left until an epoch is final`;
  if (pending === null || unixTime >= pending.from) return [line];
  const next = keyTextOf(guardianAt(network, pending.from));
  return [line, `  ${next} from ${timeText(pending.from)} on`];
};

const setText = ({ generation, k, keys }: OracleSet): string =>
  `generation ${generation}, ${k} of ${keys.length} needed`;

const oracleLines = ({ network, ballot, unixTime }: NetworkView): readonly string[] => [
  `oracles that vote now: ${setText(ballotOracles(ballot, { network, unixTime }))}`,
  ...liveVotes(ballot, { network, unixTime }).map(({ oracle, vote }) =>
    vote === null
      ? `  ${oracle.toBase58()} has no vote`
      : `  ${oracle.toBase58()} votes for epoch ${vote.epoch}, tuple ${vote.tupleHash}`,
  ),
];

const pendingOracleLines = ({ network, unixTime }: NetworkView): readonly string[] => {
  const { pendingOracles: pending } = network;
  if (pending === null) return [];
  const when =
    unixTime < pending.from
      ? `vote from ${timeText(pending.from)} on`
      : `in force since ${timeText(pending.from)}, not applied yet`;
  return [
    `pending oracles: ${setText(pending.set)}, ${when}`,
    ...pending.set.keys.map((key) => `  ${key.toBase58()}`),
  ];
};

const ripeLine = ({ network, ballot, unixTime }: NetworkView): string => {
  const { ripe, vetoes } = ballot;
  if (ripe === null) return 'nothing is ripe';
  const { k, keys } = ballotOracles(ballot, { network, unixTime });
  const standing = keys.filter((_, place) => (vetoes >> place) & 1).length;
  const over = timeText(ripe.since + BigInt(network.challengeDelayS));
  return `ripe: epoch ${ripe.epoch}, tuple ${ripe.tupleHash}, can be final from ${over} on, ${standing} of ${keys.length - k + 1} vetoes of oracles that clear it`;
};
