import { parseDemoOptions, USAGE, type DemoOptions } from './options.ts';
import { runDemo } from './run.ts';
import { openReporter } from './say.ts';
import { openSupervisor } from './start/supervisor.ts';

process.exit(await main());

async function main(): Promise<number> {
  let options: DemoOptions | 'help';
  try {
    options = parseDemoOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  const reporter = openReporter(Date.now);
  const supervisor = openSupervisor({ dataDir: options.dataDir, say: reporter.say });
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      stopped.abort();
    });
  const { signal } = stopped;
  try {
    const demo = runDemo({ options, env: process.env, supervisor, reporter, signal });
    return await Promise.race([demo, supervisor.failed]);
  } catch (error) {
    if (!signal.aborted) reporter.say('demo', `failed: ${messageOf(error)}`);
    return signal.aborted && !options.once ? 0 : 1;
  } finally {
    stopped.abort();
    await supervisor.stop();
    reporter.say('demo', `every process is ended; ${options.dataDir} keeps everything for the next start`);
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${messageOf(error.cause)}` : error.message;
}
