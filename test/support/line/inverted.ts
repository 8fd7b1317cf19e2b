import type { CheckedBeacon, CheckedOther, CheckedPoc, CheckedWitness } from '#protocol/verify/checked-poc';
import type { Objection } from '#protocol/verify/poc';

/** A result of the same form that says the opposite: valid becomes invalid, and invalid valid. */
export function inverted(checked: CheckedPoc): CheckedPoc {
  const promoted = checked.beacon === null ? checked.others.find(({ kind }) => kind === 'beacon') : undefined;
  const beacon =
    promoted === undefined ? checked.beacon && invertedBeacon(checked.beacon) : validBeacon(promoted);
  const rest = checked.others.filter((other) => other !== promoted);
  // Where there is no beacon nothing can be called a valid witness.
  const witnesses = beacon === null ? [] : rest.filter(({ kind }) => kind === 'witness');
  return {
    ...checked,
    beacon,
    witnesses: [...checked.witnesses.map(invertedWitness), ...witnesses.map(validWitness)],
    others: rest.filter((other) => !witnesses.includes(other)),
  };
}

function invertedBeacon(beacon: CheckedBeacon): CheckedBeacon {
  const isValid = beacon.standing === null && beacon.content === null;
  return { ...beacon, standing: null, content: isValid ? objection('invalid_packet', 'beaconer') : null };
}

function invertedWitness(witness: CheckedWitness): CheckedWitness {
  return witness.objection === null
    ? { ...witness, objection: objection('bad_rssi', 'witness') }
    : { ...witness, objection: null, trusted: true };
}

function validBeacon({ kind, position, reportId, key }: CheckedOther): CheckedBeacon {
  return { kind, position, reportId, key, standing: null, content: null, numbers: {} };
}

function validWitness({ kind, position, reportId, key }: CheckedOther): CheckedWitness {
  return { kind, position, reportId, key, objection: null, trusted: true, ticket: reportId, numbers: {} };
}

function objection(reason: Objection['reason'], side: Objection['side']): Objection {
  return { reason, side, numbers: {} };
}
