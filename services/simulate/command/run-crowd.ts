import type { HeardBeacon } from '#services/simulate/cheats/cheat';
import { openForwarder, type Forwarder } from '#services/simulate/gwmp/forwarder';
import { openHotspot, type Servers, type SimulatedHotspot } from '#services/simulate/hotspot/hotspot';
import { realClock, type Clock } from '#services/simulate/medium/clock';
import { openMedium, type Medium } from '#services/simulate/medium/medium';
import { seededRandom } from '#services/simulate/medium/random';
import type { Member } from './crowd.ts';
import type { Gateway } from './gateways.ts';

export interface CrowdOptions {
  readonly members: readonly Member[];
  /** How many of them, from the first on, speak v1.2.0; the others v1.3.0. */
  readonly old: number;
  readonly servers: Servers;
  readonly intervalS: number;
  readonly seed: string;
  /** gateway-rs processes in the same air. */
  readonly gateways: readonly Gateway[];
  /** Real time unless it says so; closed with the crowd. */
  readonly clock?: Clock;
  readonly onTrouble?: (name: string, what: string, error: unknown) => void;
}

export interface CrowdCounts {
  /** Hotspots that the network gave a region. */
  readonly ready: number;
  readonly reports: number;
  readonly lostReports: number;
  readonly packets: number;
  readonly frames: number;
  readonly heard: number;
  readonly collided: number;
  /** Frames from and to gateway-rs processes. */
  readonly fromGateways: number;
  readonly toGateways: number;
}

export interface Crowd {
  readonly medium: Medium;
  readonly counts: () => CrowdCounts;
  readonly close: () => Promise<void>;
}

/** Starts simulated hotspots and forwarders of real ones in one air; devices may be attached to its medium. */
export function openCrowd(options: CrowdOptions): Crowd {
  const { members, old, servers, intervalS, seed, onTrouble, clock = realClock() } = options;
  const medium = openMedium({ clock, seed });
  const hotspots: SimulatedHotspot[] = [];
  const forgers = members.flatMap(({ behaviour }, at) => (behaviour.overhear === undefined ? [] : [at]));
  const tellForgers = (heard: HeardBeacon): void => {
    for (const at of forgers) hotspots[at]?.overhear(heard);
  };
  for (const [at, member] of members.entries())
    hotspots.push(
      openHotspot({
        servers,
        version: at < old ? '1.2.0' : '1.3.0',
        identity: member.identity,
        antenna: member,
        medium,
        // Other draws in every run: local entropies and session keys must not come again.
        random: seededRandom('run', seed, at, clock.now(), process.hrtime.bigint().toString()),
        intervalS,
        cheat: member.behaviour,
        // Whoever forges has the first one for a friend.
        ...(at === 0 ? { tellFriends: tellForgers } : {}),
        onTrouble: (what, error) => onTrouble?.(member.name, what, error),
      }),
    );
  const forwarders: readonly Forwarder[] = options.gateways.map((gateway, at) =>
    openForwarder({ ...gateway, medium, random: seededRandom('forwarder', seed, at) }),
  );
  const sum = <Thing>(things: readonly Thing[], of: (thing: Thing) => number): number =>
    things.reduce((total, thing) => total + of(thing), 0);
  return {
    medium,
    counts: () => {
      const counts = hotspots.map((hotspot) => hotspot.counts());
      const { frames, heard, collided } = medium.counts;
      return {
        ready: counts.filter(({ regionAnswers }) => regionAnswers > 0).length,
        reports: sum(counts, ({ reports }) => reports),
        lostReports: sum(counts, ({ lostReports }) => lostReports),
        packets: sum(counts, ({ packets }) => packets),
        frames,
        heard,
        collided,
        fromGateways: sum(forwarders, ({ counts: { sent } }) => sent),
        toGateways: sum(forwarders, ({ counts: { pushed } }) => pushed),
      };
    },
    close: async () => {
      for (const hotspot of hotspots) hotspot.close();
      await Promise.all(forwarders.map((forwarder) => forwarder.close()));
      clock.close();
    },
  };
}
