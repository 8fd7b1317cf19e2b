import { keyText } from '#protocol/wire/key';
import type { ClockReading } from '#protocol/hotspot/clocks';
import type { HotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import type { PoolPay } from '#protocol/hotspot/pay';
import type { ExplainedReport } from '#protocol/hotspot/reports';
import { decimalText } from '#protocol/reward/decimal';
import { SCALE_DECIMALS } from '#protocol/reward/density';
import { RATE_DECIMALS, SHARE_DECIMALS } from '#protocol/reward/pools';
import { adviceText } from './advice-text.ts';
import type { Told } from './why-lines.ts';

/** The screen's data as docs/hotspot-why.md describes it: u64 and cells as text, decimals as text, times in ms. */
export function whyJson(epoch: HotspotEpoch, told: Told): unknown {
  const { facts, hotspot, clocks, reports, density, pay, holdings, denials } = epoch;
  return {
    version: 1,
    source: { location: told.location, recomputed: told.recomputed },
    chain: told.chain && {
      latest_epoch: told.chain.latest?.toString() ?? null,
      tuple: told.chain.tuple,
      claimed: told.chain.claimed?.toString() ?? null,
    },
    epoch: {
      number: facts.epoch.toString(),
      network: facts.network,
      start_ms: facts.start * 1000,
      end_ms: facts.end * 1000,
    },
    hotspot: {
      key: keyText(hotspot.key),
      mode: hotspot.mode,
      status: hotspot.status,
      tier: hotspot.tier,
      cell: hotspot.cell?.toString() ?? null,
      latitude: hotspot.latitude,
      longitude: hotspot.longitude,
      gain: hotspot.gain,
      elevation: hotspot.elevation,
      registered_ms: hotspot.registeredAt * 1000,
      region: epoch.region,
    },
    pay: pay && {
      open: pay.open,
      beacon: poolOf(pay.beacon),
      witness: poolOf(pay.witness),
      data: poolOf(pay.data),
      total: pay.total.toString(),
      uncapped: pay.uncapped.toString(),
    },
    holdings: {
      cumulative: holdings.cumulative.toString(),
      added: holdings.added.toString(),
      pending: holdings.pending.map((each) => ({
        epoch: each.epoch.toString(),
        amount: each.amount.toString(),
        earned_by: each.earnedBy,
        paid_with: each.paidWith.toString(),
        earliest_ms: each.earliest * 1000,
        dropped: each.dropped,
      })),
    },
    clocks: {
      last_beacon: clockOf(clocks.lastBeacon),
      last_heard: clockOf(clocks.lastHeard),
      active_until_ms: clocks.activeUntil,
      last_witness: clockOf(clocks.lastWitness),
    },
    sent: reports.sent.map(({ attached, valid, selected, ...report }) => ({
      ...reportOf(report),
      attached,
      valid,
      paid: selected,
    })),
    given: reports.given.map((report) => ({
      ...reportOf(report),
      other: report.other && keyText(report.other),
    })),
    received: reports.received.map((report) => ({
      ...reportOf(report),
      other: report.other && keyText(report.other),
    })),
    density: density && {
      scale: decimalText(density.scale, SCALE_DECIMALS),
      levels: density.levels.map(({ parent, nearest, ...level }) => ({
        ...level,
        parent: parent.toString(),
        nearest: nearest.map(({ key, metres }) => ({ key: keyText(key), metres })),
      })),
      better: density.better.map(({ cell, scale, ...place }) => ({
        ...place,
        cell: cell.toString(),
        scale: decimalText(scale, SCALE_DECIMALS),
      })),
    },
    denials: { in_force: denials.inForce, entry: denials.entry, pairs: denials.pairs },
    advice: epoch.advice.map((advice) => ({ kind: advice.kind, says: adviceText(advice, epoch) })),
  };
}

function poolOf(pool: PoolPay): unknown {
  return {
    shares: decimalText(pool.shares, SHARE_DECIMALS),
    rate: decimalText(pool.rate, RATE_DECIMALS),
    amount: pool.amount.toString(),
    uncapped: pool.uncapped.toString(),
  };
}

function clockOf(clock: ClockReading | null): unknown {
  return clock && { at_ms: clock.at, age_ms: clock.age, until_ms: clock.until };
}

function reportOf({ verdict, says, shares }: ExplainedReport) {
  const { kind, position, reason, side, note, selected, numbers } = verdict;
  return {
    kind,
    received_ms: position.receivedAt,
    origin: position.origin,
    index: position.index,
    reason,
    side,
    note,
    selected,
    numbers,
    says,
    shares: decimalText(shares, SHARE_DECIMALS),
  };
}
