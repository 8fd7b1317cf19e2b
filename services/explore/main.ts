import { loadConfig, parseExploreConfig } from '#services/runtime/config';
import { createLogger } from '#services/runtime/logger';
import { runMain } from '#services/runtime/shutdown';
import { runExplorer } from './explorer.ts';

const config = loadConfig(parseExploreConfig);
const logger = createLogger({ stage: 'explore', level: config.logLevel });

await runMain({ logger, main: (lifetime) => runExplorer(config, lifetime, logger) });
