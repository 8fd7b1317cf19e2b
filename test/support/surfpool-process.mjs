// A Surfpool validator in a process of its own: it blocks its process while it works and freezes unless drained.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Surfnet } = require(
  `@solana/surfpool-${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`,
);
const surfnet = Surfnet.startWithConfig({
  offline: true,
  blockProductionMode: 'clock',
  slotTimeMs: 400,
  airdropSol: 1_000_000_000_000,
});
setInterval(() => surfnet.drainEvents(), 20);
process.stdout.write(
  `${JSON.stringify({ rpcUrl: surfnet.rpcUrl, wsUrl: surfnet.wsUrl, payer: Array.from(surfnet.payerSecretKey) })}\n`,
);
// The parent's end of the pipe closes when the parent dies, however it dies.
process.stdin.on('end', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));
