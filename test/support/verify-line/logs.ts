import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { deriveBeacon, type DerivedBeacon } from '#protocol/crypto/payload';
import type { EvidenceBody } from '#protocol/evidence/record';
import { epochNumber } from '#protocol/units';
import { dataRateNumber } from '#protocol/wire/data-rate';
import {
  encodeBeacon,
  encodeSessionInit,
  encodeWitness,
  type BeaconFields,
  type WitnessFields,
} from '#protocol/wire/encode';
import type { TestKey } from '../../protocol/epoch/world.ts';
import type { Deed, History, WitnessDeed } from './history.ts';
import { encodeEvent, entropyBody, type Body, type Event } from './records.ts';
import {
  EPOCH_MS,
  EPOCHS,
  linePolicy,
  memberAt,
  NETWORK,
  START_MS,
  type Member,
  type Signing,
} from './network.ts';

/** An entry of a log, and when it was really written: stamps follow the log's own clock. */
export interface LineEntry {
  readonly at: number;
  readonly receivedAt: number;
  readonly entry: Uint8Array;
}

export interface LineLog {
  readonly origin: string;
  readonly entries: readonly LineEntry[];
}

/** A report as it can be sent again. */
type Sent = {
  readonly at: number;
  readonly log: number;
  readonly by: TestKey;
  readonly session: Event | undefined;
} & (
  | { readonly kind: 'beacon'; readonly fields: BeaconFields }
  | { readonly kind: 'witness'; readonly fields: WitnessFields }
);

/** Closes every group that is open. */
const AFTERWARDS_MS = 400_000;
/** Between an epoch's end and its close: the policy's grace, and what clocks and ticks may differ. */
const CLOSE_MS: number = linePolicy([], true).grace_ms + 1500;

/** The logs of a history, in the policy's order, as the ingests would have written them. */
export function writeLogs(history: History, signing: Signing): readonly LineLog[] {
  const world = new Writer(history, signing);
  for (const deed of history.deeds) world.happen(deed);
  // Far from everybody else.
  if (history.steady)
    for (let epoch = 0; epoch < EPOCHS; epoch += 1)
      world.happen({
        kind: 'poc',
        at: epoch * EPOCH_MS + 30_000,
        who: 8,
        log: 0,
        flaw: null,
        session: false,
        witnesses: [],
      });
  return world.logs();
}

class Writer {
  readonly #history: History;
  readonly #signing: Signing;
  readonly #events: Event[][];
  readonly #sent: Sent[] = [];
  #number = 0;

  constructor(history: History, signing: Signing) {
    this.#history = history;
    this.#signing = signing;
    this.#events = history.logs.map(() => []);
    // Entropies of every minute; each ingest logs its own, now and then another's too.
    for (let minute = -3; minute < EPOCHS + AFTERWARDS_MS / EPOCH_MS; minute += 1)
      for (const [log] of history.logs.entries())
        if (minute % 2 === 0 || log === (minute + 3) % history.logs.length)
          this.#add(log, { at: minute * EPOCH_MS, body: entropyBody(minute) });
    for (let epoch = 0; epoch < EPOCHS; epoch += 1)
      for (const [log] of history.logs.entries())
        this.#add(log, {
          at: (epoch + 1) * EPOCH_MS + CLOSE_MS,
          body: { kind: 'epoch_close', epoch: epochNumber(BigInt(epoch)) },
        });
    for (const [log] of history.logs.entries())
      this.#add(log, { at: EPOCHS * EPOCH_MS + AFTERWARDS_MS, body: entropyBody(1000 + log) });
  }

  happen(deed: Deed): void {
    this.#number += 1;
    if (deed.kind === 'poc') this.#poc(deed);
    else if (deed.kind === 'again') this.#again(deed);
    else this.#junk(deed);
  }

  logs(): readonly LineLog[] {
    return this.#events.map((events, log): LineLog => {
      const inOrder = [...events].sort((a, b) => a.at - b.at);
      const entries = inOrder.map(({ at, body, session }): LineEntry => {
        const receivedAt = this.#stamp(at, log);
        return { at: START_MS + at, receivedAt, entry: encodeEvent(body, { receivedAt, inOrder, session }) };
      });
      return { origin: originOf(log), entries };
    });
  }

  #stamp(at: number, log: number): number {
    const { tick, logs } = this.#history;
    return Math.floor((START_MS + at + (logs[log]?.skew ?? 0)) / tick) * tick;
  }

  #add(log: number, event: Event): Event {
    this.#events[log % this.#events.length]?.push(event);
    return event;
  }

  #poc(deed: Extract<Deed, { kind: 'poc' }>): void {
    const { at, flaw } = deed;
    const member = memberAt(deed.who);
    const entropy = this.#entropyFor(deed);
    const localEntropy = sha256(utf8ToBytes(`${member.name} ${at} ${this.#number}`)).slice(0, 4);
    const derived = deriveBeacon({
      remote: { data: entropy.data, timestamp: entropy.timestamp, version: 0 },
      local: { data: localEntropy, timestamp: 0, version: 0 },
      region: member.region,
      gain: 12,
    });
    const data = flaw === 'payload' ? derived.data.map((byte) => byte ^ 1) : derived.data;
    const fields: BeaconFields = {
      key: member.key,
      localEntropy,
      remoteEntropy: entropy.data,
      data,
      frequency: derived.frequency + (flaw === 'frequency' ? 200_000n : 0n),
      channel: derived.channel,
      datarate: dataRateNumber(derived.datarate),
      txPower: derived.txPower,
      timestamp: 1n,
      tmst: this.#number,
    };
    if (flaw !== 'unsent') {
      const session = deed.session ? this.#session(member, deed) : undefined;
      const by = session === undefined ? member : member.session;
      this.#send({ kind: 'beacon', at, log: deed.log, by, session, fields }, flaw === 'signature');
    }
    for (const witness of deed.witnesses)
      this.#witness({ witness, beacon: { at, derived: { ...derived, data } } });
  }

  #witness(of: {
    readonly witness: WitnessDeed;
    readonly beacon: { readonly at: number; readonly derived: DerivedBeacon };
  }): void {
    const { witness, beacon } = of;
    const { flaw } = witness;
    const member = memberAt(witness.who);
    const at = Math.max(1 - 2 * EPOCH_MS, Math.min(beacon.at + witness.lag, EPOCHS * EPOCH_MS + 300_000));
    this.#number += 1;
    const fields: WitnessFields = {
      key: member.key,
      data: beacon.derived.data,
      timestamp: 1n,
      tmst: this.#number,
      signal: flaw === 'strong' ? -100 : -1300,
      snr: 10,
      frequency: beacon.derived.frequency + (flaw === 'frequency' ? 150_000n : 0n),
      datarate: dataRateNumber(beacon.derived.datarate),
    };
    const session = witness.session ? this.#session(member, { at, log: witness.log }) : undefined;
    const by = session === undefined ? member : member.session;
    this.#send({ kind: 'witness', at, log: witness.log, by, session, fields }, flaw === 'signature');
  }

  #again(deed: Extract<Deed, { kind: 'again' }>): void {
    const first = this.#sent[deed.of % Math.max(1, this.#sent.length)];
    if (first === undefined) return;
    const at = Math.min(first.at + deed.after, EPOCHS * EPOCH_MS + 300_000);
    const { log, how } = deed;
    // A session of one log is none of another's.
    const session = log % this.#events.length === first.log % this.#events.length ? first.session : undefined;
    const again = { ...first, at, log, session };
    if (how === 'copy') this.#send(again, false);
    else if (how === 'resigned') this.#send(again, false, this.#number % 200);
    else if (how === 'forged') this.#send(again, true);
    else {
      const by = how === 'stolen' ? memberAt(deed.who) : first.by;
      const key = how === 'stolen' ? by.key : first.fields.key;
      const own = how === 'stolen' ? undefined : session;
      if (again.kind === 'beacon')
        this.#send(
          { ...again, by, session: own, fields: { ...again.fields, key, tmst: this.#number } },
          false,
        );
      else
        this.#send(
          { ...again, by, session: own, fields: { ...again.fields, key, tmst: this.#number } },
          false,
        );
    }
  }

  #junk({ at, log, what }: Extract<Deed, { kind: 'junk' }>): void {
    const minute = Math.floor(at / EPOCH_MS);
    const bodies: Readonly<Record<typeof what, Body>> = {
      undecodable: { kind: 'beacon', report: Uint8Array.of(0xff), session: null },
      unknown_kind: { kind: 'unknown' },
      odd_entropy: { ...entropyBody(minute), data: new Uint8Array(31) },
      entropy_again: { ...entropyBody(minute), timestamp: entropyBody(minute).timestamp + 30 },
      foreign_session: { kind: 'session_init', nonce: new Uint8Array(32), init: Uint8Array.of(0xff) },
    };
    this.#add(log, { at, body: bodies[what] });
  }

  #send(sent: Sent, forged: boolean, again = 0): void {
    const unsigned = sent.kind === 'beacon' ? encodeBeacon(sent.fields) : encodeWitness(sent.fields);
    const signature = forged ? Uint8Array.of(7, 7, 7) : this.#signing.sign(sent.by, unsigned, again);
    const report =
      sent.kind === 'beacon'
        ? encodeBeacon({ ...sent.fields, signature })
        : encodeWitness({ ...sent.fields, signature });
    this.#add(sent.log, {
      at: sent.at,
      body: { kind: sent.kind, report, session: null },
      session: sent.session,
    });
    this.#sent.push(sent);
  }

  #session(member: Member, { at, log }: { readonly at: number; readonly log: number }): Event {
    const nonce = sha256(utf8ToBytes(`nonce ${member.name} ${at}`));
    const fields = { key: member.key, nonce, sessionKey: member.session.key };
    const signature = this.#signing.sign(member, encodeSessionInit(fields), 0);
    const body: EvidenceBody = {
      kind: 'session_init',
      nonce,
      init: encodeSessionInit({ ...fields, signature }),
    };
    return this.#add(log, { at: at - 200_000, body });
  }

  /** The minute's, or one that no beacon may use. */
  #entropyFor({ at, log, flaw }: Extract<Deed, { kind: 'poc' }>): ReturnType<typeof entropyBody> {
    const minute = Math.floor(at / EPOCH_MS);
    if (flaw === 'old_entropy') return entropyBody(minute - 4);
    if (flaw !== 'unlogged_entropy' && flaw !== 'late_entropy') return entropyBody(minute);
    const own = entropyBody(minute, `of deed ${this.#number}`);
    if (flaw === 'late_entropy') this.#add(log, { at: at + (at % 2 === 0 ? 3000 : 13_000), body: own });
    return own;
  }
}

export function originOf(log: number): string {
  return `test/${NETWORK}/${log}`;
}
