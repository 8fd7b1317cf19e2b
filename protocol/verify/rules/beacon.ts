import { deriveBeacon, type DerivedBeacon } from '../../crypto/payload.ts';
import { ProtocolError } from '../../errors.ts';
import { equalBytes } from '../../evidence/merkle.ts';
import { dataRateName } from '../../wire/data-rate.ts';
import { toHex } from '../../wire/hex.ts';
import type { BeaconReport } from '../../wire/report.ts';
import type { Objection } from '../poc.ts';
import {
  asserted,
  capable,
  known,
  notDenied,
  notQuarantined,
  withinEntropy,
  type Participant,
} from './participant.ts';

/** A beacon, and what its hotspot had to send; an error of poc.md 2 stands in place of the latter. */
export interface BeaconCase extends Participant {
  readonly report: BeaconReport;
  readonly derived: DerivedBeacon | ProtocolError | undefined;
}

export type BeaconRule = (of: BeaconCase) => Objection | undefined;

/** Checks 1 to 5 in order: a beacon that passes them and 7 moves its hotspot's interval. */
export const BEACON_STANDING_RULES: readonly BeaconRule[] = [
  known,
  asserted,
  notDenied,
  notQuarantined,
  entropyLogged,
  withinEntropy,
  capable,
];

/** Check 7; 6 and 8 need state and stand in rules/state.ts. */
export const BEACON_CONTENT_RULES: readonly BeaconRule[] = [rebuilt];

/** What the beaconer had to send, as far as its region and entropy are known. */
export function derivedFor(
  report: BeaconReport,
  of: Pick<Participant, 'facts' | 'region' | 'entropy'>,
): DerivedBeacon | ProtocolError | undefined {
  const { facts, region, entropy } = of;
  if (facts === undefined || region === null || entropy === undefined) return undefined;
  try {
    return deriveBeacon({
      remote: { data: report.remoteEntropy, timestamp: entropy.timestamp, version: entropy.version },
      local: { data: report.localEntropy, timestamp: 0, version: 0 },
      region,
      gain: facts.gain,
    });
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/** Check 4, first part: the entropy stands in the evidence no later than the beacon. */
function entropyLogged({ side, entropy, receivedAt, report }: BeaconCase): Objection | undefined {
  if (entropy !== undefined && entropy.receivedAt <= receivedAt) return undefined;
  const numbers = {
    remote_entropy: toHex(report.remoteEntropy),
    entropy_received_ms: entropy?.receivedAt ?? null,
    received_ms: receivedAt,
  };
  return { reason: 'stale', side, numbers };
}

/** Check 7: payload, frequency and datarate are equal; any error of poc.md 2 fails. */
function rebuilt({ side, report, derived }: BeaconCase): Objection | undefined {
  if (derived === undefined || derived instanceof ProtocolError)
    return { reason: 'invalid_packet', side, numbers: { error: derived?.code ?? null } };
  const datarate = dataRateName(report.datarate);
  const equal =
    equalBytes(derived.data, report.data) &&
    derived.frequency === report.frequency &&
    derived.datarate === datarate;
  if (equal) return undefined;
  const numbers = {
    payload: toHex(report.data),
    expected_payload: toHex(derived.data),
    frequency_hz: String(report.frequency),
    expected_frequency_hz: String(derived.frequency),
    datarate: datarate ?? report.datarate,
    expected_datarate: derived.datarate,
  };
  return { reason: 'invalid_packet', side, numbers };
}
