import { describe, expect, it } from 'vitest';
import { formatVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { requireUsable } from '../../cli/policy/require-usable.ts';
import { requireAgreement } from '../../cli/policy/send-proposal.ts';

const vkey = (name: string, byte = 1): string =>
  formatVerifierKey(verifierKey(name, new Uint8Array(32).fill(byte)));
const good = { origin: 'a/1', vkey: vkey('a/1'), url: 'https://a.example/log' };
const withLogs = (...logs: Policy['logs']): Policy => ({ ...DEFAULT_POLICY, logs });

describe('a policy that oracles can use', () => {
  it('is taken', () => {
    expect(() => {
      requireUsable(DEFAULT_POLICY);
      requireUsable(withLogs(good, { origin: 'b/1', vkey: vkey('b/1', 2), url: 'http://127.0.0.1:8080' }));
      requireAgreement(DEFAULT_POLICY, { holdbackEpochs: DEFAULT_POLICY.holdback });
    }).not.toThrow();
  });

  it.each<[string, Policy]>([
    ['logs.0.vkey', withLogs({ ...good, vkey: good.vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+') })],
    ['logs.0.url', withLogs({ ...good, url: 'ftp://a.example' })],
    ['logs.0.url', withLogs({ ...good, url: 'http://[a' })],
    ['logs.0.origin', withLogs({ ...good, origin: 'a\u001b[2J' })],
    ['logs.1.vkey', withLogs(good, { ...good, origin: 'b/1' })],
    ['logs.1.vkey', withLogs(good, { ...good, origin: 'b/1', vkey: vkey('another-name') })],
    ['deny.keeper', { ...DEFAULT_POLICY, deny: { keeper: 'k+00000000+AA==', hash: 'ab'.repeat(32) } }],
  ])('is refused by its field %s', (field, policy) => {
    expect(() => {
      requireUsable(policy);
    }).toThrow(
      expect.objectContaining({
        code: 'malformed_policy',
        context: expect.objectContaining({ field }) as unknown,
      }) as Error,
    );
  });

  it('has the regions that oracles ship and the holdback of the chain', () => {
    const mismatch = (field: string): Error =>
      expect.objectContaining({
        code: 'policy_mismatch',
        context: expect.objectContaining({ field }) as unknown,
      }) as Error;
    expect(() => {
      requireUsable({ ...DEFAULT_POLICY, regions: '0'.repeat(64) });
    }).toThrow(mismatch('regions'));
    expect(() => {
      requireAgreement(DEFAULT_POLICY, { holdbackEpochs: DEFAULT_POLICY.holdback + 1 });
    }).toThrow(mismatch('holdback'));
  });
});
