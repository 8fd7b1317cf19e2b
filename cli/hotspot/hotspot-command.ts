import { Command } from 'commander';
import { assertCommand, registerCommand } from './register-command.ts';
import { whyCommand } from './why-command.ts';

/** `hotspot`: what operators ask about their own hotspots, and the first steps with one. */
export function hotspotCommand(): Command {
  return new Command('hotspot')
    .description('register a hotspot, say where it stands, and ask what it earned')
    .addCommand(registerCommand())
    .addCommand(assertCommand())
    .addCommand(whyCommand());
}
