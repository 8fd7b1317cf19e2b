import { Command } from 'commander';
import { denyCommand } from './deny/deny-command.ts';
import { endorseCommand } from './endorse/endorse-command.ts';
import { reportAndExit } from './exit.ts';
import { hotspotCommand } from './hotspot/hotspot-command.ts';
import { policyCommand } from './policy/policy-command.ts';

/** The commands of `npx coverant`; each stands in a file of its own. Exit codes: 0 done, 1 refused, 2 could not be done. */
const program = new Command('coverant')
  .description('What operators and reviewers of a network ask for.')
  .addCommand(denyCommand())
  .addCommand(endorseCommand())
  .addCommand(hotspotCommand())
  .addCommand(policyCommand());

await program.parseAsync().catch(reportAndExit);
