import { Compile } from 'typebox/compile';
import type { HotspotKey } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { keyNetwork } from '#protocol/wire/key';
import { openReport, type BeaconReport, type ReportKind, type WitnessReport } from '#protocol/wire/report';
import { clientOf, type Budget } from '../runtime/budget.ts';
import { refusal, refusalOf, type Refusal } from './refusals.ts';
import type { Registered } from './registered.ts';
import { reportItem } from './schemas.ts';

/** A report that may enter the log: its bytes exactly as they came. */
export interface Admitted {
  readonly item: number;
  readonly kind: ReportKind;
  readonly bytes: Uint8Array;
}

export interface Gate {
  admit(item: {
    readonly value: unknown;
    readonly item: number;
    readonly address: string;
  }): Admitted | Refusal;
  /** The same for bytes that came without JSON around them. */
  admitBytes(report: {
    readonly kind: ReportKind;
    readonly bytes: Uint8Array;
    readonly address: string;
  }): Admitted | Refusal;
}

const item = Compile(reportItem);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Decides without I/O what may enter the log. Every item is charged to its client address, whatever it is. Reports are
 * counted by the key that they name; beyond that budget a report is verified at once, so that nobody but the hotspot
 * can spend what is left, and well-signed ones have the same budget again.
 */
export function openGate(options: {
  readonly registered: Registered;
  readonly budgets: Budgets;
  readonly verify: VerifySignature;
  readonly now: number;
}): Gate {
  const { registered, budgets, verify, now } = options;
  const withinKeyBudget = (report: BeaconReport | WitnessReport): boolean => {
    const { key, signedBytes: message, signature } = report;
    if (budgets.named.take(key, now)) return true;
    // A bad signature says nothing about the key: the address has paid for it, and it gets its public verdict.
    return !verify({ key, message, signature }) || budgets.verified.take(key, now);
  };
  const admitReport = (kind: ReportKind, bytes: Uint8Array, place: number): Admitted | Refusal => {
    const report = open(kind, bytes, place);
    if ('code' in report) return report;
    const unregistered = keyRefusal(report.key, registered, place);
    if (unregistered !== null) return unregistered;
    if (!withinKeyBudget(report)) return refusal('over_budget', place, `key ${report.key}`);
    return { item: place, kind, bytes };
  };
  return {
    admit: ({ value, item: place, address }) => {
      if (!budgets.address.take(clientOf(address), now)) return refusal('over_budget', place, 'address');
      if (!item.Check(value) || !BASE64.test(value.bytes)) return refusal('malformed_item', place);
      return admitReport(value.kind, Uint8Array.from(Buffer.from(value.bytes, 'base64')), place);
    },
    admitBytes: ({ kind, bytes, address }) =>
      budgets.address.take(clientOf(address), now)
        ? admitReport(kind, bytes, 0)
        : refusal('over_budget', 0, 'address'),
  };
}

/** Why this key may not report, or null: it is of the other key network, or not registered. */
export function keyRefusal(key: HotspotKey, registered: Registered, place: number): Refusal | null {
  const network = keyNetwork(key);
  if (registered.keyNetwork !== null && network !== registered.keyNetwork)
    return refusal('wrong_network', place, `key is of ${network}`);
  return registered.keys.has(key) ? null : refusal('unknown_key', place, key);
}

/** Reports a minute by client address, by named key, and by key whose signature was verified. */
export interface Budgets {
  readonly address: Budget;
  readonly named: Budget;
  readonly verified: Budget;
}

function open(kind: ReportKind, bytes: Uint8Array, place: number): BeaconReport | WitnessReport | Refusal {
  try {
    return openReport(kind, bytes);
  } catch (error) {
    return refusalOf(error, place);
  }
}
