import { reportAndExit } from './exit.ts';
import { endOnOutputFailure } from './output-failures.ts';
import { program } from './program.ts';

/** `npx coverant`; exit codes: 0 done, 1 refused, 2 could not be done. */
endOnOutputFailure();
const [, , asked] = process.argv;
await program(asked)
  .then((command) => command.parseAsync())
  .catch(reportAndExit);
