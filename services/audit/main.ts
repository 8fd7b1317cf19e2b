import { writeFile } from 'node:fs/promises';
import { loadConfig } from '#services/runtime/config';
import { textField } from '#services/runtime/config-fields';
import { parseAuditArguments } from './arguments.ts';
import { progressBar } from './report/progress-bar.ts';
import { findingLines, outcomeLines } from './report/lines.ts';
import { EXIT_CODES } from './report/report.ts';
import { runAudit } from './run-audit.ts';

// Whatever breaks in here says nothing about the epoch.
process.on('uncaughtException', (error) => {
  process.stderr.write(`COULD NOT CHECK: ${error.stack ?? error.message}\n`);
  process.exit(EXIT_CODES.could_not_check);
});

const { json, ...options } = parseAuditArguments(process.argv);
const dataDir = loadConfig((env) => textField(env, 'DATA_DIR', '.coverant'));
const say = (lines: readonly string[]): void => {
  if (json !== true) process.stdout.write(`${lines.join('\n')}\n`);
};
const bar = progressBar(process.stderr);
const report = await runAudit({
  dataDir,
  ...options,
  onFinding: (finding) => {
    bar.clear();
    say(findingLines(finding));
  },
  onProgress: bar.show,
});
bar.clear();
say(outcomeLines(report));
const text = `${JSON.stringify(report, null, 2)}\n`;
if (json === true) process.stdout.write(text);
else if (json !== undefined) await writeFile(json, text);
process.exit(EXIT_CODES[report.outcome.kind]);
