import { xxh64 } from '#services/route/forward/gateway-eui';
import {
  isPrivateAddress,
  requireTargetHost,
  requireTargetUrl,
  resolveTarget,
} from '#services/route/forward/target';
import { openWaitingList } from '#services/route/forward/waiting-list';
import { describe, expect, it } from 'vitest';

const PUBLIC = { allowPrivate: false };
const url = (text: string) => requireTargetUrl(text, { ...PUBLIC, schemes: ['http:', 'https:'] });

describe('a target', () => {
  it('may not be in a network behind the router, however its address is written', () => {
    for (const host of [
      ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
      ...[
        '[::1]',
        '[::]',
        '[fe80::1]',
        '[fc00::1]',
        '[::ffff:10.0.0.1]',
        '[::ffff:7f00:1]',
        '[64:ff9b::a00:1]',
      ],
      ...['2130706433', '0x7f000001', '0177.0.0.1', '127.1', 'localhost', 'LOCALHOST.', 'a.localhost'],
    ])
      expect(() => url(`http://${host}/`), host).toThrow(expect.objectContaining({ code: 'private_target' }));
    for (const address of ['224.0.0.1', '255.255.255.255', '203.0.113.9', 'ff02::1', '2002:a00:1::'])
      expect(isPrivateAddress(address), address).toBe(true);
    for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])
      expect(isPrivateAddress(address), address).toBe(false);
  });

  it('is http or https, without credentials', () => {
    for (const text of ['file:///etc/passwd', 'ftp://example.com/', 'nonsense', 'http://', 'gopher://x/'])
      expect(() => url(text), text).toThrow(expect.objectContaining({ code: 'malformed_target' }));
    expect(() => url('http://user:pass@example.com/')).toThrow(
      expect.objectContaining({ code: 'credentials_in_target' }),
    );
    expect(url('https://example.com/hook?x=1').href).toBe('https://example.com/hook?x=1');
    expect(() => requireTargetHost('a b', PUBLIC)).toThrow(
      expect.objectContaining({ code: 'malformed_target' }),
    );
  });

  it('whose name leads to a private address is refused when it is connected to', async () => {
    await expect(resolveTarget('localhost', PUBLIC)).rejects.toMatchObject({ code: 'private_target' });
    expect((await resolveTarget('localhost', { allowPrivate: true }))[0]).toMatchObject({
      family: expect.any(Number) as unknown,
    });
    await expect(resolveTarget('no-such-name.invalid', PUBLIC)).rejects.toMatchObject({
      code: 'unresolved_target',
    });
  });
});

describe('the EUI of a gateway', () => {
  it('is the XXH64 of its key, by the published values', () => {
    const of = (text: string) => xxh64(new TextEncoder().encode(text)).toString(16);
    expect(of('')).toBe('ef46db3751d8e999');
    expect(of('abc')).toBe('44bc2cf5ad770999');
    expect(of('Nobody inspects the spammish repetition')).toBe('fbcea83c8a378bf1');
  });
});

describe('a waiting list', () => {
  it('keeps the newest in their order, and says when it gave one up', () => {
    const list = openWaitingList<number>(3);
    expect([1, 2, 3, 4, 5].map((each) => list.push(each))).toEqual([true, true, true, false, false]);
    expect([list.shift(), list.shift(), list.length]).toEqual([3, 4, 1]);
    list.push(6);
    expect([list.shift(), list.shift(), list.shift()]).toEqual([5, 6, undefined]);
  });
});
