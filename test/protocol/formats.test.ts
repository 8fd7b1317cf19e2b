import { readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58, base64, hex, utf8 } from '@scure/base';
import { denyFileBytes, denyFileHash, denyMessage, openDenyFile } from '#protocol/deny/deny-file';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { cosignedFrame, openCosignedFile } from '#protocol/evidence/cosigned-file';
import { decodeFork, encodeFork, verifyFork, type Fork } from '#protocol/evidence/fork';
import { decodeConviction, encodeConviction, type Conviction } from '#protocol/evidence/conviction';
import { EMPTY_ROOT, leafHash, nodeHash } from '#protocol/evidence/merkle';
import { decodeReceipt, encodeReceipt, receiptBytes, type Receipt } from '#protocol/evidence/receipt';
import { encodeRecord } from '#protocol/evidence/record';
import { encodeBundle } from '#protocol/evidence/tile';
import { cosignNote } from '#protocol/evidence/note';
import { COSIGNATURE, verifierKey } from '#protocol/evidence/verifier-key';
import type { EpochFacts } from '#protocol/epoch';
import { ProtocolError } from '#protocol/errors';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { DEFAULT_POLICY } from '#protocol/policy';
import { encodeDisclosure } from '#protocol/route/disclosure';
import { readMessage } from '#protocol/route/read-request';
import { encodeRouteRequest, openRouteRequest, type RouteRequest } from '#protocol/route/route-request';
import { creditsEntry } from '#protocol/settle/credits/credits-tree';
import {
  creditsBytes,
  openCredits,
  openPacketReasons,
  packetReasonsBytes,
} from '#protocol/settle/folder/credits-files';
import { evidenceHash } from '#protocol/settle/bytes/hashes';
import { epochFactsBytes, openEpochFacts } from '#protocol/settle/folder/epoch-file';
import { evidenceBytes, openEvidenceFile } from '#protocol/settle/folder/evidence-file';
import { leavesBytes, openLeaves } from '#protocol/settle/folder/leaves-file';
import { manifestBytes, openManifest } from '#protocol/settle/folder/manifest-file';
import { openShares, sharesBytes } from '#protocol/settle/folder/shares-file';
import { summaryBytes } from '#protocol/settle/folder/summary-file';
import { openVerdicts, verdictsBytes } from '#protocol/settle/folder/verdicts-file';
import { leafEntry, leafKey } from '#protocol/settle/leaf';
import { openPolicy, policyBytes, policyHash } from '#protocol/settle/policy-codec';
import { openRegistry, registryBytes, registryHash, type RegistryTable } from '#protocol/settle/registry';
import { emptyState, openState, stateBytes, stateHash, type EpochState } from '#protocol/settle/state';
import { GENESIS_PARENT, openTuple, tupleBytes, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, millis, type Address, type Hash, type HotspotKey } from '#protocol/units';
import type { ReportVerdict } from '#protocol/verify/poc';
import { keyText } from '#protocol/wire/key';
import { reportId } from '#protocol/wire/report';
import { networkText, type NetworkFile } from '#services/runtime/network-file';
import { indexText } from '#services/runtime/public-epochs';
import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from '../support/ed25519.ts';

const address = (byte: string): Address => base58.encode(hex.decode(byte.repeat(32))) as Address;
const hash = (byte: string): Hash => byte.repeat(32) as Hash;
const NETWORK = address('11');
const PAYEE = address('22');
const KEY = '00676cbd3ae59d2bd53c159914063c522b6b510b478b4a6bc6c2f013a8f8438f10' as HotspotKey;
const LEAF_KEY = leafKey(KEY);
const PAYEE_KEY = leafKey(`20${'22'.repeat(32)}`);
const ORIGIN = 'example/1';
const RECEIVED = millis(1_780_272_005_000);
const cell = parseCell(631_051_317_946_629_119n);

const SIGNER = hex.decode('01'.repeat(32));
const entropy = encodeRecord({
  receivedAt: RECEIVED,
  body: {
    kind: 'entropy',
    data: hex.decode('ab'.repeat(32)),
    timestamp: 1_780_272_000,
    version: 0,
    slot: 7n,
    blockhash: hex.decode('cd'.repeat(32)),
  },
});
const close = encodeRecord({
  receivedAt: millis(1_780_272_075_000),
  body: { kind: 'epoch_close', epoch: epochNumber(0n) },
});

const registry: RegistryTable = {
  keyNetwork: 'mainnet',
  hotspots: new Map([
    [
      KEY,
      {
        key: KEY,
        mode: 'full',
        status: 'active',
        tier: 'endorsed',
        cell,
        ...cellCentre(cell),
        gain: 12,
        elevation: -3,
        registeredAt: 1_780_271_900,
      },
    ],
  ]),
  credits: [],
  voters: [PAYEE],
};
const state: EpochState = {
  poc: {
    clocks: new Map([
      [KEY, { lastBeacon: RECEIVED, lastBeaconRecip: null, lastWitness: millis(1_780_272_009_000) }],
    ]),
    entropies: new Map([
      [
        'ab'.repeat(32),
        { data: 'ab'.repeat(32), timestamp: 1_780_272_000, version: 0, receivedAt: RECEIVED },
      ],
    ]),
    recent: new Map([
      ['0102', { payload: '0102', reportId: hash('33'), receivedAt: RECEIVED, seen: new Set([hash('44')]) }],
    ]),
  },
  cumulative: new Map([[LEAF_KEY, amount(1000n)]]),
  pending: new Map([[epochNumber(3n), new Map([[PAYEE_KEY, amount(70n)]])]]),
  pendingData: new Map(),
  settledCredits: new Map(),
};
const stateWithData: EpochState = {
  ...emptyState(),
  pendingData: new Map([[epochNumber(4n), new Map([[LEAF_KEY, amount(9n)]])]]),
};
const tuple: Tuple = {
  network: NETWORK,
  epoch: epochNumber(5n),
  parentTupleHash: GENESIS_PARENT,
  root: hash('55'),
  leafCount: 2,
  cumulativeTotal: amount(1070n),
  creditsRoot: hex.encode(EMPTY_ROOT) as Hash,
  creditsCount: 0,
  evidenceHash: hash('66'),
  registryHash: hash('77'),
  policyHash: hash('88'),
  stateHash: hash('99'),
};
const facts: EpochFacts = {
  network: NETWORK,
  epoch: epochNumber(5n),
  start: 1_780_272_000,
  end: 1_780_358_400,
  emission: amount(618_340_943_683n),
  holdback: 7,
  creditPrice: 3_590_000n,
  operations: PAYEE,
};
const verdict: ReportVerdict = {
  kind: 'witness',
  position: { receivedAt: RECEIVED, origin: ORIGIN, index: 4 },
  reportId: hash('33'),
  key: KEY,
  reason: 'below_min_distance',
  side: 'witness',
  numbers: { distance_m: 431, cells_apart: 7, least_cells: 8 },
  selected: false,
  note: null,
};
const leaves = [
  { key: LEAF_KEY, cumulative: amount(1000n) },
  { key: PAYEE_KEY, cumulative: amount(70n) },
];
const sealed = {
  origin: ORIGIN,
  from: 1,
  left: [leafHash(entropy)],
  entries: [close],
  size: 2,
  root: hex.decode('55'.repeat(32)),
  sessions: [],
};
const cut = { origin: ORIGIN, size: 2, root: hash('55') };
const rate = { rate: 320_000_000_000_000n, open: 320_000_000_000_000n };
const zero = amount(0n);
const shares = {
  payouts: [
    {
      key: KEY,
      open: false,
      scale: 7143n,
      shares: { beacon: 71_430_000n, witness: 0n, credits: 0n },
      amounts: { beacon: amount(228n), witness: zero, data: zero },
    },
  ],
  rewards: {
    amounts: [],
    rates: { beacon: rate, witness: rate, data: { rate: 0n, open: 0n } },
    operations: zero,
    oracles: zero,
    oracle: zero,
    delegators: zero,
    unallocated: zero,
    capped: zero,
    minted: zero,
  },
};
const note = {
  key: verifierKey('example', ed25519.getPublicKey(SIGNER)),
  sign: (message: Uint8Array) => ed25519.sign(message, SIGNER),
};

const witnessSeed = hex.decode('02'.repeat(32));
const witness = {
  key: verifierKey('witness-0', ed25519.getPublicKey(witnessSeed), COSIGNATURE),
  sign: (message: Uint8Array) => ed25519.sign(message, witnessSeed),
};
const head = signCheckpoint({ origin: ORIGIN, size: 2, root: EMPTY_ROOT }, [note]);
const cosigned = cosignNote(head, { log: note.key, witness, time: 1_780_272_060n });
const otherRoot = nodeHash(leafHash(Uint8Array.of(0)), leafHash(Uint8Array.of(1)));
const fork: Fork = {
  older: head,
  newer: signCheckpoint({ origin: ORIGIN, size: 2, root: otherRoot }, [note]),
  prefix: otherRoot,
  proof: [],
};

const grounds = {
  from: 5,
  reason: 'impossible_lag',
  epoch: 6,
  evidence: [{ origin: ORIGIN, index: 4 }],
} as const;
const [first, second] = [KEY, `01${'22'.repeat(32)}` as HotspotKey].map(keyText);
const entries = {
  keys: [{ key: first ?? '', from: 6, reason: 'keeper', epoch: 6, evidence: [] }],
  edges: [{ a: first ?? '', b: second ?? '', ...grounds }],
} as const;
const denied = { version: 1, ...entries, signature: base64.encode(note.sign(denyMessage(entries))) } as const;

const sessionRecord = encodeRecord({
  receivedAt: RECEIVED,
  body: { kind: 'session_init', nonce: hex.decode('0a0b'), init: hex.decode('1201aa') },
});
const witnessRecord = encodeRecord({
  receivedAt: RECEIVED,
  body: { kind: 'witness', report: hex.decode('1201aa'), session: 3 },
});
const packetRecord = encodeRecord({
  receivedAt: RECEIVED,
  body: {
    kind: 'packet',
    commitment: hex.decode('cc'.repeat(32)),
    size: 25,
    credits: 2,
    hotspot: KEY,
    owner: PAYEE,
    session: 3,
    route: 2,
  },
});
const routeRecord = encodeRecord({
  receivedAt: RECEIVED,
  body: { kind: 'route', request: hex.decode('7b7d'), signature: hex.decode('aabb') },
});
const request: RouteRequest = {
  network: NETWORK,
  owner: PAYEE,
  route: 'meters',
  sequence: 1,
  until: 1_790_000_000,
  devAddrs: [[0x26000000, 0x260000ff]],
  maxCopies: 2,
  maxPacketCredits: 11,
  private: hash('ab'),
};
const creditsLeaf = { owner: '22'.repeat(32), settled: 7n };
const packetReasons = [{ reason: null }, { reason: 'undisclosed' }] as const;
const batch = {
  origin: ORIGIN,
  first: 4,
  size: 1,
  root: EMPTY_ROOT,
  receivedAt: RECEIVED,
  integratedBy: millis(1_780_272_022_000),
};
const receipt: Receipt = {
  origin: ORIGIN,
  index: 4,
  leaf: EMPTY_ROOT,
  receivedAt: RECEIVED,
  integratedBy: batch.integratedBy,
  batchFirst: 4,
  batchSize: 1,
  batchProof: [],
  signature: note.sign(receiptBytes(batch)),
};
const conviction: Conviction = {
  receipt,
  checkpoint: signCheckpoint({ origin: ORIGIN, size: 5, root: hex.decode('55'.repeat(32)) }, [note]),
  leaf: leafHash(close),
  proof: [leafHash(entropy)],
};
const pocs = [{ payload: '0102', beacon: null, witnesses: [], others: [verdict] }];
const summary = summaryBytes({
  facts,
  result: {
    verdicts: pocs,
    badlySigned: [],
    undecodable: 0,
    unknownRecords: 0,
    ...shares,
    leaves,
    packets: [],
    credits: [],
    state,
    tuple,
    tupleHash: tupleHash(tuple),
    kind: 'computed',
  },
});
const index = indexText([
  { epoch: tuple.epoch, tupleHash: tupleHash(tuple), parentTupleHash: tuple.parentTupleHash },
]);
const networkFile: NetworkFile = {
  network: NETWORK,
  creator: PAYEE,
  name: 'example',
  mint: address('33'),
  program: address('44'),
  genesisHash: address('55'),
  rpcUrl: 'https://rpc.example',
};

/** Every example of docs/formats.md: bytes as hex, text as it is, hashes as 64 digits. */
const EXAMPLES: Readonly<Record<string, Uint8Array | string>> = {
  'entropy record': entropy,
  'epoch_close record': close,
  'session_init record': sessionRecord,
  'witness record': witnessRecord,
  'packet record': packetRecord,
  'route record': routeRecord,
  'route request': encodeRouteRequest(request),
  disclosure: encodeDisclosure({ salt: hex.decode('5a'.repeat(32)), packet: hex.decode('0a0140') }),
  'read request': readMessage({ network: NETWORK, path: '/disclosures/5', seconds: 1_780_358_500 }),
  'packet reasons': packetReasonsBytes(packetReasons),
  'credits file': creditsBytes([creditsLeaf]),
  'credits entry': creditsEntry({ network: NETWORK, leaf: creditsLeaf }),
  'entry bundle': encodeBundle([close]),
  tile: leafHash(close),
  checkpoint: signCheckpoint({ origin: ORIGIN, size: 2, root: EMPTY_ROOT }, [note]),
  'cosigned checkpoint': cosigned,
  'cosigned file': cosignedFrame(cosigned),
  fork: utf8.decode(JSON.stringify(encodeFork(fork), null, 1)),
  receipt: receiptBytes(batch),
  'receipt JSON': utf8.decode(JSON.stringify(encodeReceipt(receipt))),
  conviction: utf8.decode(JSON.stringify(encodeConviction(conviction))),
  'report id': reportId({ kind: 'witness', signedBytes: hex.decode('1201aa') }),
  'evidence file': evidenceBytes(sealed),
  'evidence hash': evidenceHash([cut]),
  registry: registryBytes(registry),
  'registry hash': registryHash(registryBytes(registry)),
  policy: policyBytes(DEFAULT_POLICY),
  'policy hash': policyHash(DEFAULT_POLICY),
  'deny list': denyFileBytes(denied),
  'signed by the keeper': denyMessage(entries),
  'deny list hash': denyFileHash(denyFileBytes(denied)),
  state: stateBytes(state),
  'state hash': stateHash(stateBytes(state)),
  'empty state': stateBytes(emptyState()),
  'state with pending data': stateBytes(stateWithData),
  'leaf entry': leafEntry({ network: NETWORK, leaf: { key: LEAF_KEY, cumulative: amount(1000n) } }),
  'leaf hash': hex.encode(
    leafHash(leafEntry({ network: NETWORK, leaf: { key: LEAF_KEY, cumulative: amount(1000n) } })),
  ),
  'leaves file': leavesBytes(leaves),
  tuple: tupleBytes(tuple),
  'tuple hash': tupleHash(tuple),
  epoch: epochFactsBytes(facts),
  verdicts: verdictsBytes({
    verdicts: [{ payload: '0102', beacon: null, witnesses: [], others: [verdict] }],
    badlySigned: [{ ...verdict, reason: 'bad_signature', numbers: { signer: null } }],
  }),
  shares: sharesBytes(shares),
  summary,
  'epoch index': utf8.decode(index.trimEnd()),
  'network file': utf8.decode(networkText(networkFile).trimEnd()),
  manifest: manifestBytes(new Map([['tuple.bin', tupleBytes(tuple)]])),
};

/** Fenced examples of the document by name: `hex NAME` with a comment per line, `text NAME`, `hash NAME`. */
function documented(): ReadonlyMap<string, Uint8Array | string> {
  const text = readFileSync('docs/formats.md', 'utf8');
  const blocks = [...text.matchAll(/^```(hex|text|hash) ([^\n]+)\n([\s\S]*?)^```$/gm)];
  return new Map(
    blocks.map(([, kind, name = '', body = '']): [string, Uint8Array | string] => {
      if (kind === 'text')
        return [
          name,
          utf8.decode(name.endsWith('checkpoint') || name === 'verdicts' ? body : body.trimEnd()),
        ];
      const digits = body.replaceAll(/#.*$/gm, '').replaceAll(/\s/g, '');
      return [name, kind === 'hash' ? digits : hex.decode(digits)];
    }),
  );
}

describe('docs/formats.md', () => {
  const found = documented();

  it('shows exactly the formats that there are', () => {
    expect([...found.keys()].sort()).toEqual(Object.keys(EXAMPLES).sort());
  });

  for (const [name, expected] of Object.entries(EXAMPLES))
    it(`shows a true ${name}`, () => {
      const shown = found.get(name);
      const readable = (value: typeof shown): string | undefined =>
        value instanceof Uint8Array ? hex.encode(value) : value;
      expect(readable(shown)).toBe(readable(expected));
    });

  it('shows bytes that read back', () => {
    const bytes = (name: string): Uint8Array => {
      const shown = found.get(name);
      if (!(shown instanceof Uint8Array)) throw new Error(`no bytes of ${name}`);
      return shown;
    };
    expect(openRegistry(bytes('registry'))).toEqual(registry);
    expect(openState(bytes('state'))).toEqual(state);
    expect(openState(bytes('state with pending data'))).toEqual(stateWithData);
    expect(openTuple(bytes('tuple'))).toEqual(tuple);
    expect(openLeaves(bytes('leaves file'))).toEqual(leaves);
    expect(openPacketReasons(bytes('packet reasons'))).toEqual([0, 4]);
    expect(openCredits(bytes('credits file'))).toEqual([creditsLeaf]);
    expect(openRouteRequest(bytes('route request'))).toEqual(request);
    expect(openEpochFacts(bytes('epoch'))).toEqual(facts);
    expect(openPolicy(bytes('policy'))).toEqual(DEFAULT_POLICY);
    expect(openDenyFile(bytes('deny list'))).toEqual(denied);
    expect([...openManifest(bytes('manifest')).keys()]).toEqual(['tuple.bin']);
    const keys = { origin: ORIGIN, log: note.key, witness: witness.key, verify: verifyEd25519 };
    expect(openCosignedFile(bytes('cosigned file'), { ...keys, hour: 494_520 })).toMatchObject([
      { size: 2, time: 1_780_272_060, note: cosigned },
    ]);
    verifyFork(decodeFork(JSON.parse(utf8.encode(bytes('fork')))), { ...keys, key: note.key });
    const json = (name: string): unknown => JSON.parse(utf8.encode(bytes(name)));
    expect(decodeReceipt(json('receipt JSON'))).toEqual(receipt);
    expect(decodeConviction(json('conviction'))).toEqual(conviction);
    expect([...openVerdicts(bytes('verdicts')).verdicts]).toEqual(pocs);
    expect([...openShares(bytes('shares')).hotspots.values()]).toEqual(shares.payouts);
    expect(evidenceBytes(openEvidenceFile(bytes('evidence file')))).toEqual(bytes('evidence file'));
  });
});

describe('a version that is not known', () => {
  const binary: Readonly<Record<string, readonly [Uint8Array, (bytes: Uint8Array) => unknown]>> = {
    'evidence-0.bin': [evidenceBytes(sealed), openEvidenceFile],
    'registry.bin': [registryBytes(registry), openRegistry],
    'state.bin': [stateBytes(state), openState],
    'leaves.bin': [leavesBytes(leaves), openLeaves],
    'packets.bin': [packetReasonsBytes(packetReasons), openPacketReasons],
    'credits.bin': [creditsBytes([creditsLeaf]), openCredits],
  };
  const json: Readonly<Record<string, readonly [Uint8Array, (bytes: Uint8Array) => unknown]>> = {
    'epoch.json': [epochFactsBytes(facts), openEpochFacts],
    'policy.json': [policyBytes(DEFAULT_POLICY), openPolicy],
    'deny.json': [denyFileBytes(denied), openDenyFile],
    'shares.json': [sharesBytes(shares), openShares],
    'manifest.json': [manifestBytes(new Map()), openManifest],
  };

  for (const [name, [bytes, open]] of Object.entries(binary))
    it(`is refused in ${name} by its first byte`, () => {
      // State has two versions, and one of the other's tables has no end.
      for (const version of [0, name === 'state.bin' ? 3 : 2, 255]) {
        const other = Uint8Array.from(bytes);
        other[0] = version;
        expect(() => open(other)).toThrow(ProtocolError);
        expect(() => open(other)).toThrow(`version=${version}`);
      }
      expect(() => open(bytes)).not.toThrow();
    });

  for (const [name, [bytes, open]] of Object.entries(json))
    it(`is refused in ${name} by its field`, () => {
      const text = utf8.encode(bytes);
      for (const version of ['0', '2', '"1"', 'null']) {
        const other = utf8.decode(text.replace('"version":1', `"version":${version}`));
        expect(() => open(other)).toThrow(ProtocolError);
        expect(() => open(other)).toThrow('version');
      }
      expect(() => open(bytes)).not.toThrow();
    });
});
