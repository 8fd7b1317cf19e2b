import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { DEFAULT_POLICY } from '#protocol/policy';
import { epochNumber } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import type { LoggedReport, PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { toHex } from '#protocol/wire/hex';
import { NO_FIELDS, object } from '../input/fields.ts';
import { textOf } from '../input/key-forms.ts';
import type { Json, Op } from '../op.ts';
import { unitsText } from '../ops/reward.ts';
import { policyOf } from '../input/policy.ts';
import { epoch } from '../input/values.ts';
import { stateOf, stateOut } from './clocks.ts';
import { denyList } from './deny-list.ts';
import { entropiesOf } from './entropies.ts';
import { hotspotsOf } from './hotspots.ts';
import { loggedReports } from './reports.ts';

type Judged = Pick<ReportVerdict, 'key' | 'position' | 'reason' | 'side' | 'selected' | 'note' | 'numbers'>;

/** Judges a beacon with the witness lines that came with it, and moves the state (poc.md 3 and 4). */
export const judge: Op = (input) => {
  const policy = input.optional('policy', policyOf, DEFAULT_POLICY);
  const { beacon, together, apart } = byPayload(loggedReports(input));
  const state = stateOf(input.optional('state', object, NO_FIELDS));
  const number = input.optional('epoch', epoch, epochNumber(2n));
  const checked = checkPoc({
    group: {
      kind: 'poc',
      payload: toHex(beacon.report.data),
      beacon: together.indexOf(beacon),
      reports: together,
    },
    ...hotspotsOf(input.get('hotspots', object)),
    policy,
    deny: input.optional('deny', denyList, NOBODY_DENIED),
    epoch: number,
    entropies: entropiesOf(input, beacon.position.receivedAt),
    verify: () => true,
  });
  const verdict = advance({ state, checked, policy, epoch: number });
  const witnesses = [...verdict.witnesses, ...verdict.others, ...apart.map(stale)];
  witnesses.sort((a, b) => comparePositions(a.position, b.position));
  return {
    beacon: beaconOut(verdict),
    witnesses: witnesses.map(witnessOut),
    units: unitsText(witnesses.filter(({ selected }) => selected).length, policy.units),
    state: stateOut(state),
  };
};

/** The beacon, all lines of its payload, and the others, which met no beacon. */
function byPayload(reports: readonly LoggedReport[]): {
  readonly beacon: LoggedReport;
  readonly together: readonly LoggedReport[];
  readonly apart: readonly LoggedReport[];
} {
  const beacon = reports.find(({ report }) => report.kind === 'beacon');
  if (beacon === undefined) throw new RangeError('expected a beacon among the reports');
  const payload = toHex(beacon.report.data);
  const isSame = ({ report }: LoggedReport): boolean => toHex(report.data) === payload;
  return {
    beacon,
    together: reports.filter(isSame),
    apart: reports.filter((report) => !isSame(report)),
  };
}

function stale({ report, position }: LoggedReport): Judged {
  const numbers = { received_ms: position.receivedAt };
  return {
    key: report.key,
    position,
    reason: 'stale',
    side: 'witness',
    selected: false,
    note: null,
    numbers,
  };
}

function beaconOut({ beacon }: PocVerdict): Json {
  if (beacon === null) throw new RangeError('expected a verdict of the beacon');
  return { valid: beacon.reason === null, reason: beacon.reason, numbers: beacon.numbers };
}

function witnessOut({ key, reason, side, selected, note, numbers }: Judged): Json {
  return { key: textOf(key), valid: reason === null, selected, reason, side, note, numbers };
}
