import { Command } from 'commander';
import { whyCommand } from './why-command.ts';

/** `hotspot`: what operators ask about their own hotspots. */
export function hotspotCommand(): Command {
  return new Command('hotspot').description('what operators ask about a hotspot').addCommand(whyCommand());
}
