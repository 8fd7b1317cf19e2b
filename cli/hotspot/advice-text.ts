import { DENY_REASONS } from '#protocol/deny/deny-reasons';
import type { Advice } from '#protocol/hotspot/advice';
import type { Cause } from '#protocol/hotspot/causes';
import type { HotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import { decimalText } from '#protocol/reward/decimal';
import { SCALE_DECIMALS } from '#protocol/reward/density';
import { policyFigure, showFigure } from '#protocol/verify/explain/figures';
import { isReason, ruleText } from '#protocol/verify/reasons';
import type { Millis } from '#protocol/units';
import type { Policy } from '#protocol/policy';
import { timeNear, tokens } from './screen.ts';

/** A piece of advice as a sentence or two that say what to do, and the numbers why. */
export function adviceText(advice: Advice, { policy, density }: HotspotEpoch): string {
  switch (advice.kind) {
    case 'answer_denial': {
      const { from, reason, evidence } = advice.entry;
      const says = `The deny list names the hotspot from epoch ${from} on, for ${reason}: ${DENY_REASONS[reason]}`;
      return `${says} Nothing it does for coverage is paid meanwhile. The entry refers to ${plural(evidence.length, 'record')} of evidence; ask the keeper of the list.`;
    }
    case 'await_release':
      return 'The hotspot is quarantined: nothing it does for coverage is paid until the oracles release it on chain.';
    case 'assert_location':
      return 'Assert a location: no cell is in force, and one that is asserted now holds from the next epoch.';
    case 'leave_unknown_region':
      return 'The asserted cell lies in no region of the table: correct the location, or nothing can be rebuilt or compared.';
    case 'become_full':
      return 'Assert the mode full: data-only hotspots take no part in proof of coverage.';
    case 'send_beacons':
      return `No beacon arrived in the epoch, though one counted ${sinceText(advice.from)}: check power, the antenna's cable and the ingest that the firmware reports to.`;
    case 'fix_beacons':
      return `${plural(advice.count, 'beacon')} ${were(advice.count)} ${advice.cause}: ${causeText(advice.cause, policy)}`;
    case 'be_heard':
      return `Nobody reported ${advice.unheard} of ${plural(advice.sound, 'beacon')}: raise the antenna or give it a freer view, or wait for others to come within reach.`;
    case 'heard_unpaid':
      return `${plural(advice.beacons, 'valid beacon')} ${were(advice.beacons)} reported, but by nobody who is paid: ${causesText(advice.causes)}.`;
    case 'more_witnesses':
      return `${plural(advice.beacons, 'paid beacon')} had fewer than ${advice.wanted} paid witnesses and earned in proportion: reach more hotspots, at least ${policyFigure(policy, 'pair.min_cells_apart')} cells of resolution 11 away.`;
    case 'send_witnesses':
      return 'It reported no beacon of others: check that it receives at all; whoever is within reach and beacons can be witnessed.';
    case 'fix_witnesses':
      return `${plural(advice.count, 'witness report')} ${were(advice.count)} ${advice.cause}: ${causeText(advice.cause, policy)}`;
    case 'witness_others':
      return `Be a valid witness${byText(advice.until)}: beacons count only for ${policyFigure(policy, 'windows.reciprocity_ms')} after the last valid witness report.`;
    case 'be_heard_again':
      return `Be heard by another hotspot${byText(advice.until)}: witness reports count only for ${policyFigure(policy, 'windows.reciprocity_ms')} after the last beacon that was heard.`;
    case 'move': {
      const now = decimalText(density?.scale ?? 0n, SCALE_DECIMALS);
      const places = advice.places.map(
        ({ metres, scale, latitude, longitude }) =>
          `${decimalText(scale, SCALE_DECIMALS)} at ${degrees(latitude)}, ${degrees(longitude)} (${showFigure(metres, 'm')} away)`,
      );
      return `Stand where fewer others are: the scale of ${now} would be ${places.join(', and ')}, with all else as in this epoch.`;
    }
    case 'get_endorsed': {
      const parts = [
        ...(advice.untrusted > 0
          ? [
              `${plural(advice.untrusted, 'valid pair')} with other open hotspots ${were(advice.untrusted)} not paid`,
            ]
          : []),
        ...(advice.capped > 0n ? [`the cap on open hotspots took ${tokens(advice.capped)} tokens`] : []),
      ];
      return `Have the key endorsed by an approved maker, or bond a stake: ${parts.join('; ')}.`;
    }
  }
}

function causeText(cause: Cause['cause'], policy: Policy): string {
  if (isReason(cause)) return ruleText(cause, policy);
  return cause === 'untrusted_pair'
    ? 'Of a paid pair one hotspot is endorsed or bonded.'
    : `Only ${policyFigure(policy, 'selected_witnesses')} witnesses of a beacon are paid.`;
}

function causesText(causes: readonly Cause[]): string {
  return causes.map(({ cause, count }) => `${count} ${cause}`).join(', ');
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function were(count: number): string {
  return count === 1 ? 'was' : 'were';
}

function sinceText(from: Millis | null): string {
  return from === null ? 'at any time' : `from ${timeNear(from)} on`;
}

function byText(until: Millis | null): string {
  return until === null ? '' : ` before ${timeNear(until)}`;
}

function degrees(nano: number): string {
  return (nano / 1e9).toFixed(5);
}
