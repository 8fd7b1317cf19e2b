import { base58 } from '@scure/base';
import type { EpochFacts } from '../../epoch.ts';
import { amount, epochNumber, type Address } from '../../units.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';
import { JsonFile } from './json-file.ts';

const VERSION = 1;
/** Milliseconds beyond it are no safe integers. */
const LAST_SECOND = Math.floor(Number.MAX_SAFE_INTEGER / 1000);
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;

/** The chain's facts about an epoch in canonical JSON; u64 as decimal text. */
export function epochFactsBytes(facts: EpochFacts): Uint8Array {
  return canonicalJson({
    version: VERSION,
    network: facts.network,
    epoch: facts.epoch.toString(),
    start: facts.start,
    end: facts.end,
    emission: facts.emission.toString(),
    holdback: facts.holdback,
    credit_price: facts.creditPrice.toString(),
    operations: facts.operations,
  });
}

/** Inverse of `epochFactsBytes`; malformed_folder names the field. Its times fit into milliseconds as well. */
export function openEpochFacts(bytes: Uint8Array): EpochFacts {
  const json = new JsonFile('epoch.json', bytes);
  json.requireShape(VERSION, [
    'network',
    'epoch',
    'start',
    'end',
    'emission',
    'holdback',
    'credit_price',
    'operations',
  ]);
  const [start, end] = [json.integer('start'), json.integer('end')];
  if (start >= end || end > LAST_SECOND)
    throw json.refusal('end', `a time after ${start} and not after ${LAST_SECOND}`);
  return {
    network: address(json, 'network'),
    epoch: epochNumber(json.u64('epoch')),
    start,
    end,
    emission: amount(json.u64('emission')),
    holdback: json.integer('holdback'),
    creditPrice: json.u64('credit_price'),
    operations: address(json, 'operations'),
  };
}

function address(json: JsonFile, name: string): Address {
  const text = json.text(name, ADDRESS);
  if (base58.decode(text).length !== 32) throw json.refusal(name, 'an address of 32 bytes');
  return text as Address;
}
