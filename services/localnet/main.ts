import { once } from 'node:events';
import { startChain } from './chain.ts';
import { loadConfig } from '#services/runtime/config';
import { parseLocalnetConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { createWebsocketProxy } from './websocket-proxy.ts';
import type { Server } from 'node:net';

function say(line: string): void {
  console.log(`localnet: ${line}`);
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

const stopped = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
});
try {
  const { port, folder, path } = loadConfig(parseLocalnetConfig);
  const chain = await startChain({ folder, path, say });
  const gateway = createGateway(chain);
  const proxy = createWebsocketProxy(chain.websocket);
  try {
    await Promise.all([listen(gateway, port), listen(proxy, port + 1)]);
    say(`${chain.name} at http://127.0.0.1:${port}, websocket on ${port + 1}, kept in ${folder}`);
    await Promise.race([stopped, chain.failed]);
  } finally {
    gateway.closeAllConnections();
    for (const server of [gateway, proxy]) server.close();
    await chain.close();
  }
  process.exit(0);
} catch (error) {
  console.error(`localnet: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
