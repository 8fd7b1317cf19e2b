import { mkdir } from 'node:fs/promises';
import { openChain } from '#services/runtime/chain';
import { loadConfig, parseFollowConfig } from '#services/runtime/config';
import { urlField, urlList } from '#services/runtime/config-fields';
import { openReporter } from './demo/say.ts';
import { loadOrCreateKeys } from './demo/start/keys.ts';
import { openNetwork, prepareChain } from './demo/start/network.ts';
import { DEMO_SETTINGS } from './demo/start/policy.ts';

/** Containers have to start before the first epoch does. */
const LEAD_S = 90;

const { dataDir, rpcUrl } = loadConfig(parseFollowConfig);
const urlOf = (name: string, fallback: string): string =>
  loadConfig((env) => urlField(env, name, { fallback, schemes: ['http:', 'https:'] }));
const logUrls = {
  ingest: `${urlOf('INGEST_URL', 'http://127.0.0.1:8080')}/log`,
  route: `${urlOf('ROUTE_URL', 'http://127.0.0.1:8086')}/log`,
};
const { say } = openReporter(Date.now);
const connection = openChain({ rpcUrl, commitment: 'confirmed' });
await mkdir(dataDir, { recursive: true });
const witnessUrls = loadConfig((env) => urlList(env, 'WITNESS_URLS', 'http://127.0.0.1:8070'));
const keys = await loadOrCreateKeys(dataDir);
await prepareChain({ connection, rpcUrl, dataDir, keys, say });
const settings = { ...DEMO_SETTINGS, leadS: LEAD_S };
await openNetwork({
  connection,
  rpcUrl,
  dataDir,
  keys,
  settings,
  logUrls,
  witnessUrls,
  say,
});
process.exit(0);
