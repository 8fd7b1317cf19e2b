import type { Op } from './op.ts';
import * as beacon from './ops/beacon-payload.ts';
import * as checkpoint from './ops/checkpoint.ts';
import * as epoch from './ops/epoch.ts';
import * as geo from './ops/geo.ts';
import * as keys from './ops/keys.ts';
import * as merkle from './ops/merkle.ts';
import * as report from './ops/report-open.ts';
import * as reward from './ops/reward.ts';
import * as settle from './ops/settle.ts';
import * as poc from './poc/judge.ts';

/** Every op by name. */
export const OPS: ReadonlyMap<string, Op> = new Map([
  ['key.parse', keys.parse],
  ['signature.verify', keys.verify],
  ['report.open', report.open],
  ['beacon.payload', beacon.payload],
  ['geo.region', geo.region],
  ['geo.distance', geo.distance],
  ['geo.cells_apart', geo.apart],
  ['rssi.bound', geo.bound],
  ['poc.judge', poc.judge],
  ['reward.units', reward.units],
  ['density.scale', reward.density],
  ['reward.epoch', reward.epoch],
  ['reward.credits', reward.credits],
  ['merkle.root', merkle.root],
  ['merkle.inclusion', merkle.inclusion],
  ['checkpoint.parse', checkpoint.parse],
  ['settle.root', settle.root],
  ['settle.prove', settle.prove],
  ['settle.tuple', settle.tuple],
  ['epoch.compute', epoch.compute],
]);
