import { readCredits } from '#client';
import { checkDevice } from './device/check-device.ts';
import { openDevice, type DeviceOwner } from './device/open-device.ts';
import { keyText } from '#protocol/wire/key';
import { loadOrCreateConfigKey } from '#services/ingest/hotspots/config-key';
import { nextEpoch } from './next-epoch.ts';
import type { DemoOptions } from './options.ts';
import { runAudit } from './report/audit.ts';
import {
  checkCheaters,
  checkHonestPairs,
  checkMoney,
  checkOpenPairs,
  checkRoots,
  type Check,
} from './report/checks.ts';
import { collectEpochs, collectMoney, crowdedKeys, honestPairs } from './report/collect.ts';
import { checkSybils, earningsTable, sybilEarnings } from './report/sybils.ts';
import { hotspotTable } from './report/table.ts';
import { DEMO_SETTINGS } from './start/policy.ts';
import type { Ports } from './start/ports.ts';
import { ingestUrl, oracleUrls, routeUrl } from './start/stages.ts';
import { startLine, type Line, type LineInput } from './start/start-line.ts';
import { watchEpoch, watchFinality, watchRegistration } from './watch.ts';

export interface DemoInput extends Pick<LineInput, 'env' | 'supervisor' | 'reporter' | 'signal'> {
  readonly options: DemoOptions;
}

/**
 * Starts everything, follows two epochs and then on to the first one whose packets are paid for, reports; without --once
 * goes on until the signal. Returns the exit code.
 */
export async function runDemo(input: DemoInput): Promise<number> {
  const { options, reporter, signal } = input;
  const line = await startLine({ ...input, ...options, settings: DEMO_SETTINGS });
  const network = await watchRegistration({ ...line, reporter, signal });
  const endorsed = line.fleet.filter((hotspot) => hotspot.endorsed).length;
  reporter.say('simulate', `all hotspots are registered: ${endorsed} endorsed by a maker`);
  reporter.mark('registration');
  const { key } = await loadOrCreateConfigKey(options.dataDir);
  reporter.say(
    'ingest',
    `a fielded hotspot joins with all its uris at ${ingestUrl(line.ports)}, the pubkey ${keyText(key)} and ` +
      `add --payer ${line.network.toBase58()} (docs/hotspots.md)`,
  );
  const device = await openDevice({
    ...line,
    simulateSecret: line.keys.simulateSecret,
    payer: line.keys.payer,
    routeUrl: routeUrl(line.ports),
    port: line.ports.device,
    say: reporter.say,
    signal,
  });
  const first: bigint = line.created ? 0n : nextEpoch(network, Date.now());
  const epochs: bigint[] = [];
  const watch = (epoch: bigint): Promise<void> =>
    watchEpoch({ ...line, reporter, signal, epoch, news: news(line.ports) });
  const follow = async (): Promise<bigint> => {
    const epoch = first + BigInt(epochs.length);
    await watch(epoch);
    epochs.push(epoch);
    return epoch;
  };
  await follow();
  const paid = await device.creditsFrom;
  let last = await follow();
  while (last < paid) last = await follow();
  await watchFinality({ ...line, reporter, signal, epoch: last });
  const holds = await report(input, line, { epochs, device });
  if (options.once) return holds ? 0 : 1;
  reporter.say('demo', `goes on until Ctrl-C; the explorer is at http://127.0.0.1:${line.ports.explore}`);
  for (;;) await follow();
}

/** One line about what flows, from the health of ingest and of the simulation. */
function news(ports: Ports): () => Promise<string> {
  return async () => {
    const [log, simulated] = await Promise.all([health(ports.ingest), health(ports.simulate)]);
    const figure = (value: unknown): string => (typeof value === 'number' ? String(value) : '?');
    return (
      `${figure(log['size'])} records in the log; ${figure(simulated['beacons'])} beacons and ` +
      `${figure(simulated['witnesses'])} witness reports sent, ${figure(simulated['lost'])} lost; ` +
      `${figure(simulated['uplinks'])} frames of the device, ${figure(simulated['downlinks'])} answers to it`
    );
  };
}

async function downlinks(ports: Ports): Promise<number> {
  const { downlinks: heard } = await health(ports.simulate);
  return typeof heard === 'number' ? heard : 0;
}

async function health(port: number): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
  const value: unknown = answer === null ? {} : await answer.json();
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function report(
  input: DemoInput,
  line: Line,
  of: { readonly epochs: readonly bigint[]; readonly device: DeviceOwner },
): Promise<boolean> {
  const { epochs, device } = of;
  const { reporter, options } = input;
  const { connection, network, ports, keys, fleet, rpcUrl } = line;
  const urls = oracleUrls(ports);
  const { roots, reports, folders } = await collectEpochs(epochs, urls);
  const payees = [keys.operations, ...keys.oracles].map(({ publicKey }) => publicKey);
  const { money, balanceOf } = await collectMoney({ connection, network, hotspots: fleet, payees });
  print(`Epochs ${epochs.join(', ')}`, hotspotTable({ actors: fleet, reports, balanceOf }));

  const sybils = fleet.filter(({ role }) => role === 'sybil');
  const earnings = sybilEarnings({ folders, keys: sybils.map(({ key }) => key) });
  print('What two software keys without a radio earn from each other', earningsTable(earnings));

  const checks: Check[] = [
    ...checkRoots(roots),
    checkHonestPairs({ pairs: honestPairs(fleet), reports }),
    ...checkCheaters({ actors: fleet, reports, crowded: crowdedKeys(fleet) }),
    checkOpenPairs(fleet, reports),
    checkSybils({ sybils, reports, earnings }),
    checkMoney(money),
    ...checkDevice({
      heard: device.server.heard,
      downlinks: await downlinks(ports),
      folders,
      credits: await readCredits(connection, { network, owner: device.owner.publicKey }),
    }),
  ];
  for (const [at, epoch] of epochs.entries()) {
    const from = urls[at % urls.length] ?? '';
    print(`Audit of epoch ${epoch} from ${from} and the chain`, []);
    const code = await runAudit({
      epoch,
      from,
      rpcUrl,
      network: network.toBase58(),
      dataDir: options.dataDir,
    });
    checks.push({ what: `epoch ${epoch}: the audit agrees`, holds: code === 0, detail: `exit code ${code}` });
  }
  print(
    'Checks',
    checks.map(({ what, holds, detail }) => `${holds ? 'ok  ' : 'FAIL'}  ${what} (${detail})`),
  );
  print(
    'Where the time went',
    reporter.steps().map(({ step, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${step}`),
  );
  return checks.every(({ holds }) => holds);
}

function print(title: string, lines: readonly string[]): void {
  console.log(['', title, ...lines.map((line) => `  ${line}`)].join('\n'));
}
