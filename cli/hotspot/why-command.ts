import { Command } from 'commander';
import { ProtocolError } from '#protocol/errors';
import { loadConfig } from '#services/runtime/config';
import { textField } from '#services/runtime/config-fields';
import { Unanswered } from '../exit-code.ts';
import { parseEpoch } from '../options/epoch.ts';
import { parseRpc } from '../options/rpc.ts';
import { printable } from '../shown.ts';
import { tellWhy, type WhyQuestion } from './tell-why.ts';

/** `hotspot why`: why a hotspot earned what it earned in an epoch, from the epoch's public folder. */
export function whyCommand(): Command {
  return new Command('why')
    .description('say why a hotspot earned what it earned in an epoch, from public files alone')
    .argument('<key>', "the hotspot's key, base58check text or hex")
    .option('--epoch <number>', 'which epoch (default: the newest at hand)', parseEpoch)
    .option(
      '--from <place>',
      "URL or folder of an oracle's public files (default: the first oracle below DATA_DIR)",
    )
    .option('--check', 'recompute the epoch from its evidence before telling')
    .option('--rpc <url>', 'also ask the chain what was claimed and whether the epoch is final', parseRpc)
    .option('--json', 'print the same data as JSON (docs/hotspot-why.md)')
    .addHelpText(
      'after',
      '\nExit code: 0 told, 1 the folder does not follow from its evidence, 2 could not be told.',
    )
    .action(async (key: string, options: Omit<WhyQuestion, 'key' | 'dataDir'>) => {
      const dataDir = loadConfig((env) => textField(env, 'DATA_DIR', '.coverant'));
      const answer = await tellWhy({ key, dataDir, ...options }).catch(unanswered);
      if ('lines' in answer) {
        process.stdout.write(`${answer.lines.join('\n')}\n`);
        return;
      }
      const { file, where, theirs, ours } = answer.difference;
      const at = printable(`${file}: ${where}`);
      console.error(
        `DIFFERS: epoch ${answer.epoch}: ${at}\n  found     ${printable(theirs)}\n  expected  ${printable(ours)}`,
      );
      process.exitCode = 1;
    });
}

/** Code 1 says that a folder is false, which no other refusal of this question does. */
function unanswered(error: unknown): never {
  throw error instanceof ProtocolError ? new Unanswered(error) : error;
}
