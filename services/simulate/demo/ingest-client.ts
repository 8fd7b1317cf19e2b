import { setTimeout as sleep } from 'node:timers/promises';
import type { Entropy } from '#protocol/crypto/payload';
import type { SignedReport } from '#services/simulate/hotspot/reports';

export type Sent = { readonly kind: 'receipted' } | { readonly kind: 'lost'; readonly reason: string };

export interface IngestClient {
  /** The entropy of now, at most 30 s old; waits while there is none. */
  readonly entropy: () => Promise<Entropy>;
  /** Sends until there is a receipt, a refusal for good, or the time `until` (ms since 1970). */
  readonly submit: (report: SignedReport, until: number) => Promise<Sent>;
}

const ENTROPY_MS = 30_000;
const RETRY_MS = 500;
const REQUEST_MS = 5_000;

export function openIngestClient(options: {
  readonly url: string;
  readonly signal: AbortSignal;
  readonly now: () => number;
}): IngestClient {
  const { url, signal, now } = options;
  let kept: { readonly entropy: Entropy; readonly at: number } | null = null;
  let asking: Promise<Entropy> | null = null;
  const request = (path: string, init: RequestInit): Promise<Response> =>
    fetch(`${url}${path}`, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]) });

  const ask = async (): Promise<Entropy> => {
    for (;;) {
      signal.throwIfAborted();
      const answer = await request('/v1/entropy', {}).catch(() => null);
      if (answer?.status === 200) {
        const entropy = entropyOf(await answer.json());
        kept = { entropy, at: now() };
        return entropy;
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  };
  const trySubmit = async (report: SignedReport): Promise<Sent & { readonly retry: boolean }> => {
    const item = { kind: report.kind, bytes: Buffer.from(report.bytes).toString('base64') };
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ reports: [item] });
    try {
      const answer = await request('/v1/reports', { method: 'POST', headers, body });
      const parsed: unknown = await answer.json();
      if (answer.status === 200) return { kind: 'receipted', retry: false };
      const { code, retryable } = refusalOf(parsed);
      return { kind: 'lost', reason: code, retry: retryable };
    } catch {
      return { kind: 'lost', reason: 'unreachable', retry: true };
    }
  };
  return {
    entropy: () => {
      if (kept !== null && now() - kept.at < ENTROPY_MS) return Promise.resolve(kept.entropy);
      asking ??= ask().finally(() => {
        asking = null;
      });
      return asking;
    },
    submit: async (report, until) => {
      for (;;) {
        const { retry, ...sent } = await trySubmit(report);
        if (!retry || signal.aborted || now() + RETRY_MS > until) return sent;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function entropyOf(value: unknown): Entropy {
  const { data, timestamp, version } = fieldsOf(value);
  if (typeof data !== 'string' || typeof timestamp !== 'number' || typeof version !== 'number')
    throw new TypeError('ingest answered with something else than an entropy');
  return { data: Buffer.from(data, 'hex'), timestamp, version };
}

function refusalOf(value: unknown): { readonly code: string; readonly retryable: boolean } {
  const { refused } = fieldsOf(value);
  const { code, retryable } = fieldsOf(Array.isArray(refused) ? refused[0] : undefined);
  return { code: typeof code === 'string' ? code : 'unknown answer', retryable: retryable === true };
}
