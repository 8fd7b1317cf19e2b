import type { EpochFacts } from '../epoch.ts';
import { ProtocolError } from '../errors.ts';
import { regionOf, type Region } from '../geo/regions.ts';
import type { Policy } from '../policy.ts';
import type { HotspotKey } from '../units.ts';
import type { HotspotFacts } from '../verify/poc.ts';
import { keyText } from '../wire/key.ts';
import { adviceFor, type Advice } from './advice.ts';
import { refuseContradiction } from './contradiction.ts';
import { hotspotClocks, type HotspotClocks } from './clocks.ts';
import { hotspotDenials, type HotspotDenials } from './denials.ts';
import { hotspotDensity, type HotspotDensity } from './density.ts';
import { hotspotHoldings, type HotspotHoldings } from './holdings.ts';
import { hotspotPay, type HotspotPay } from './pay.ts';
import { hotspotReports, type HotspotReports } from './reports.ts';
import type { HotspotSources } from './sources.ts';

/** Why a hotspot earned what it earned in an epoch, from the epoch's folder alone. */
export interface HotspotEpoch {
  readonly facts: EpochFacts;
  readonly policy: Policy;
  /** As they were in force in the epoch. */
  readonly hotspot: HotspotFacts;
  /** null: no cell, or in no region of the table. */
  readonly region: Region | null;
  readonly clocks: HotspotClocks;
  readonly reports: HotspotReports;
  /** null: not active at the epoch's end. */
  readonly density: HotspotDensity | null;
  /** null: no shares. */
  readonly pay: HotspotPay | null;
  readonly holdings: HotspotHoldings;
  readonly denials: HotspotDenials;
  readonly advice: readonly Advice[];
}

/**
 * Derives it; unknown_hotspot where the epoch's registry does not have the key, with how many reports named it, and
 * malformed_folder where verdicts, shares and state contradict each other about it.
 */
export function hotspotEpoch(sources: HotspotSources, key: HotspotKey): HotspotEpoch {
  const { facts, policy, state, stateBefore, shares, verdicts } = sources;
  const registry = sources.registry.hotspots;
  const { end } = facts;
  const reports = hotspotReports({ key, verdicts, shares, policy });
  const hotspot = registry.get(key);
  if (hotspot === undefined)
    throw new ProtocolError('unknown_hotspot', {
      key: keyText(key),
      epoch: facts.epoch,
      reports: reports.sent.length + reports.given.length,
    });
  const denials = hotspotDenials({ key, deny: sources.deny, epoch: facts.epoch });
  const deniedFrom = denials.inForce ? (denials.entry?.from ?? null) : null;
  const told = {
    facts,
    policy,
    hotspot,
    region: hotspot.cell === null ? null : regionOf(hotspot.cell),
    clocks: hotspotClocks({ key, state: state.poc, policy, end }),
    reports,
    density: hotspotDensity({ key, registry, state: state.poc, policy, end }),
    pay: hotspotPay({ key, shares }),
    holdings: hotspotHoldings({ key, facts, stateBefore, state, deniedFrom }),
    denials,
  };
  refuseContradiction(told, { sources, key });
  return { ...told, advice: adviceFor(told) };
}
