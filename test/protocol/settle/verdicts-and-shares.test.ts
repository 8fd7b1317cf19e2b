import { utf8 } from '@scure/base';
import { beforeAll, describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import { canonicalText } from '#protocol/settle/bytes/canonical-json';
import { FILES, folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { openShares, sharesBytes } from '#protocol/settle/folder/shares-file';
import { openVerdicts, verdictsBytes } from '#protocol/settle/folder/verdicts-file';
import { emptyState } from '#protocol/settle/state';
import type { ComputedEpoch } from '#protocol/epoch';
import { keyText } from '#protocol/wire/key';
import { computed, testHotspot, TestWorld } from '../epoch/world.ts';

const hotspots = [0, 1, 2, 3].map((at) => testHotspot(`read ${at}`, at, at === 3 ? { tier: 'open' } : {}));
let result: ComputedEpoch;
let files: FolderFiles;

beforeAll(() => {
  const world = new TestWorld({ hotspots, epochs: 1 });
  const [first = testHotspot('', 0), second = first] = hotspots;
  world.busyEpoch(0);
  world.poc({
    beaconer: { ...first, secret: second.secret },
    witnesses: [],
    at: world.facts(0).start * 1000 + 40_000,
  });
  const input = world.input(0, { state: emptyState(), parent: null });
  result = computed(input);
  files = folderFiles(input, result);
});

const textOf = (name: string): string => utf8.encode(files.get(name) ?? new Uint8Array());
const refusalOf = (open: (bytes: Uint8Array) => unknown, text: string): unknown => {
  try {
    open(utf8.decode(text));
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'malformed_folder')
      return error.context['field'] ?? error.context['expected'];
    throw error;
  }
  return 'accepted';
};

describe('verdicts.ndjson', () => {
  it('reads back as it was written, whole or what names one hotspot', () => {
    const { verdicts, badlySigned } = result;
    expect(badlySigned).toHaveLength(1);
    expect(openVerdicts(verdictsBytes(result))).toEqual({ verdicts, badlySigned });
    const [first] = hotspots;
    const named = openVerdicts(verdictsBytes({ verdicts: verdicts.slice(0, 1), badlySigned }), first?.key);
    expect(named).toEqual({ verdicts: verdicts.slice(0, 1), badlySigned });
    expect(openVerdicts(verdictsBytes(result), testHotspot('nobody', 9).key)).toEqual({
      verdicts: [],
      badlySigned: [],
    });
  });

  it('is refused with line and field where it is anything else', () => {
    const [line = '', ...others] = textOf(FILES.verdicts).split('\n');
    const changed = (from: string, to: string): string => [line.replace(from, to), ...others].join('\n');
    expect(line).toContain('"reason":null');
    const cases: readonly (readonly [string, string])[] = [
      ['a line feed after every line', line],
      ['line 1', `${line} \n`],
      ['line 1', '{\n'],
      ['line 1', '[]\n'],
      ['line 1.other', '{"other":1}\n'],
      ['line 1.poc', '{"poc":null}\n'],
      ['line 1.poc.beacon.kind', changed('"kind":"beacon"', '"kind":"packet"')],
      ['line 1.poc.beacon.reason', changed('"reason":null', '"reason":"bad_luck"')],
      ['line 1.poc.beacon.reason', changed('"reason":null', '"reason":"toString"')],
      ['line 1.poc.beacon.side', changed('"side":null', '"side":"both"')],
      ['line 1.poc.beacon.note', changed('"note":null', '"note":"none"')],
      ['line 1.poc.beacon.selected', changed('"selected":false', '"selected":0')],
      ['line 1.poc.beacon.key', changed('"key":"01', '"key":"02')],
      ['line 1.poc.beacon.reportId', changed('"reportId":"', '"reportId":"g')],
      ['line 1.poc.beacon.numbers.attached', changed('"attached":3', '"attached":[3]')],
      ['line 1.poc.beacon.position.index', changed('"index":', '"index":-')],
    ];
    expect(cases.map(([, text]) => refusalOf(openVerdicts, text))).toEqual(cases.map(([field]) => field));
    expect(() => openVerdicts(Uint8Array.of(0xff))).toThrow(ProtocolError);
  });
});

describe('shares.json', () => {
  it('reads back as it was written', () => {
    const { hotspots: payouts, rates } = openShares(sharesBytes(result));
    expect([...payouts.values()]).toEqual(result.payouts);
    expect(rates).toEqual(result.rewards.rates);
  });

  it('is refused with the field that does not fit', () => {
    const value = JSON.parse(textOf(FILES.shares)) as { hotspots: Record<string, unknown>[]; rates: unknown };
    const [first = {}] = value.hotspots;
    const withFirst = (change: Record<string, unknown>): unknown => ({
      ...value,
      hotspots: [{ ...first, ...change }],
    });
    const cases: readonly (readonly [string, unknown])[] = [
      ['version', { ...value, version: 2 }],
      ['shares.more', { ...value, more: 1 }],
      ['rates', { ...value, rates: 1 }],
      ['hotspots.0.open', withFirst({ open: 'no' })],
      ['hotspots.0.scale', withFirst({ scale: '1' })],
      ['hotspots.0.beacon_shares', withFirst({ beacon_shares: '1.0' })],
      ['hotspots.0.credits', withFirst({ credits: '-1' })],
      ['hotspots.0.key', withFirst({ key: hotspots[0]?.key })],
    ];
    expect(cases.map(([, other]) => refusalOf(openShares, canonicalText(other)))).toEqual(
      cases.map(([field]) => field),
    );
    expect(refusalOf(openShares, `${textOf(FILES.shares)} `)).toBe('canonical JSON (RFC 8785)');
    expect(first['key']).toBe(keyText(result.payouts[0]?.key ?? testHotspot('', 0).key));
  });
});
