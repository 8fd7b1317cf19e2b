import { once } from 'node:events';
import { Command } from 'commander';
import { keyText } from '#protocol/wire/key';
import { endorsedList, MAX_ENDORSED_KEYS, type EndorsedList } from '#services/runtime/endorsed-list';
import type { HotspotKey } from '#protocol/units';
import { CliError } from '../cli-error.ts';
import { parseListedKeys } from '../options/hotspot-key.ts';
import { readKeyList } from './read-key-list.ts';

/** `endorse`: what set_endorsed_root and endorse_hotspot need, made from a public text file of keys. */
export function endorseCommand(): Command {
  const command = new Command('endorse').description(
    'make the root and the proofs of a list of manufactured keys: base58check texts, one a line',
  );
  command
    .command('root')
    .description('print root and count, for the maker to publish by set_endorsed_root')
    .argument('<list>', 'text file, a key a line')
    .action(async (file: string) => {
      const { root, count } = await openList(file);
      console.log(JSON.stringify({ root, count }));
    });
  command
    .command('prove')
    .description('print a proof for endorse_hotspot a line: of the keys named, or of all')
    .argument('<list>', 'text file, a key a line')
    .argument('[keys...]', 'keys of the list, base58check text', parseListedKeys)
    .action(async (file: string, asked: readonly HotspotKey[] = []) => {
      const list = await openList(file);
      for (const key of asked.length === 0 ? list.keys : asked) {
        const line = proofLine(list, key);
        if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
      }
    });
  return command;
}

async function openList(file: string): Promise<EndorsedList> {
  const { keys, repeated } = await readKeyList(file);
  if (keys.length === 0) throw new CliError('empty_list', { file });
  if (keys.length > MAX_ENDORSED_KEYS)
    throw new CliError('too_many_keys', { file, keys: keys.length, most: MAX_ENDORSED_KEYS });
  if (repeated > 0) console.error(`${repeated} lines name a key again; each counts once`);
  return endorsedList(keys);
}

function proofLine(list: EndorsedList, key: HotspotKey): string {
  const place = list.proofOf(key);
  if (place === null) throw new CliError('not_listed', { key: keyText(key) });
  const proof = place.proof.map((hash) => Buffer.from(hash).toString('hex'));
  return JSON.stringify({ key: keyText(key), index: place.index, proof });
}
