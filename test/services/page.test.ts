import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addExplorer } from '#services/explore/app';
import { openDatabase } from '#services/explore/database';
import { storeEpoch, storeHotspots } from '#services/explore/store';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { findOnPath } from '../../scripts/packages.ts';
import { epoch, hotspot, payout, report, witness } from '../support/explorer-rows.ts';

const logger = createLogger({ stage: 'explore', level: 'silent' });
const raise = (error: Error): never => {
  throw error;
};
const browserPath = findOnPath('chromium', process.env['PATH'] ?? '');
if (browserPath === null) console.log('chromium is not on the PATH: the page is not opened in a browser.');

describe.runIf(browserPath !== null)('the page in a browser', () => {
  const complaints: string[] = [];
  const closing: (() => Promise<void> | void)[] = [];
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'coverant-page-'));
    const database = await openDatabase({ url: null, dir, logger, lost: raise });
    await storeHotspots(database, [hotspot]);
    await storeEpoch(database, {
      epoch,
      reports: [report, { ...witness, says: null, numbers: '{"note":"<img src=x onerror=alert(1)>"}' }],
      payouts: [payout],
    });
    const server = createHttpServer({
      logger,
      metrics: openMetrics('explore'),
      health: () => ({ ok: true }),
    });
    await addExplorer(server, { database, logger });
    const listening = await listenHttp(server, { host: '127.0.0.1', port: 0, logger });
    browser = await chromium.launch({
      executablePath: browserPath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
    });
    closing.push(
      () => browser.close(),
      () => listening.close(),
      () => database.destroy(),
      () => rm(dir, { recursive: true, force: true }),
    );
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'log') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(listening.url);
    await page.getByText(/^As of /).waitFor();
  }, 120_000);
  afterAll(async () => {
    for (const close of closing) await close();
  });

  const textOf = (selector: string): Promise<string> => page.locator(selector).innerText();

  it('shows what was judged, why it was not paid, and exact token amounts', async () => {
    expect(await textOf('#hotspots')).toContain('184467440737.09551615');
    expect(await textOf('#beacons')).toContain('unpaid: bad_rssi');
    expect(await textOf('#beacons')).toContain('Paid: heard over 512 m.');
    expect(await textOf('#beacons')).toContain('distance m 512');
    expect(await textOf('#epochs')).toContain(epoch.root);
    expect(await textOf('#payouts')).toContain('0.00000010');
  });

  it('shows text of reports as text', async () => {
    expect(await textOf('#beacons')).toContain('<img src=x onerror=alert(1)>');
    expect(await page.locator('#beacons img').count()).toBe(0);
  });

  it('loads without an error, and nothing from elsewhere', () => {
    expect(complaints).toEqual([]);
  });
});
