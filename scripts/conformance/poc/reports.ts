import { ddbm, type Millis } from '#protocol/units';
import type { LoggedReport } from '#protocol/verify/poc';
import { DATA_RATES, dataRateNumber } from '#protocol/wire/data-rate';
import type { BeaconReport, WitnessReport } from '#protocol/wire/report';
import { listOf, object, type Fields, type Read } from '../input/fields.ts';
import { bytes, int32, keyName, oneOf, time, u64 } from '../input/values.ts';

const EMPTY = new Uint8Array(0);
/** Every line comes from one log. */
const ORIGIN = 'conformance';

/** The beacon line and the witness lines as one log holds them: by reception, then by line, the beacon first. */
export function loggedReports(input: Fields): readonly LoggedReport[] {
  const received = [input.get('beacon', beaconLine), ...input.get('witnesses', listOf(witnessLine))].map(
    (line, number) => ({ ...line, report: { ...line.report, signedBytes: numberBytes(number) } }),
  );
  received.sort((a, b) => a.receivedAt - b.receivedAt);
  return received.map(({ receivedAt, report }, index) => ({
    position: { receivedAt, origin: ORIGIN, index },
    report,
    signer: report.key,
  }));
}

interface Line<Report> {
  readonly receivedAt: Millis;
  readonly report: Report;
}

const beaconLine: Read<Line<BeaconReport>> = (value, path) => {
  const of = object(value, path);
  return {
    receivedAt: of.get('received_ms', time),
    report: {
      kind: 'beacon',
      ...common(of),
      localEntropy: of.get('local', bytes),
      remoteEntropy: of.get('remote', bytes),
      channel: 0,
      txPower: of.get('tx_power', int32),
    },
  };
};

const witnessLine: Read<Line<WitnessReport>> = (value, path) => {
  const of = object(value, path);
  return {
    receivedAt: of.get('received_ms', time),
    report: {
      kind: 'witness',
      ...common(of),
      signal: ddbm(of.get('signal', int32)),
      snr: of.get('snr', int32),
    },
  };
};

/** What beacon and witness lines have in common; what is not judged is left empty. */
function common(
  of: Fields,
): Omit<BeaconReport, 'kind' | 'localEntropy' | 'remoteEntropy' | 'channel' | 'txPower'> {
  return {
    key: of.get('key', keyName),
    data: of.get('data', bytes),
    frequency: of.get('frequency', u64),
    datarate: dataRateNumber(of.get('datarate', oneOf(DATA_RATES))),
    timestamp: 0n,
    tmst: 0,
    signature: EMPTY,
    signedBytes: EMPTY,
    bytes: EMPTY,
  };
}

/** Stands for a report's signed bytes: equal lines are different reports. */
function numberBytes(number: number): Uint8Array {
  return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
}
