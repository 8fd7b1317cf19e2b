import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Heard, NetworkServer } from './network-server.ts';

/** A packet as the router posts it (docs/routing.md). */
const posted = Compile(
  Type.Object({
    event: Type.Literal('uplink'),
    frame: Type.String(),
    frame_id: Type.String(),
    hotspot: Type.String(),
    frequency: Type.Integer(),
    datarate: Type.String(),
  }),
);

/** EU868: where a device listens in its second window. */
const RX2 = { frequency: 869_525_000, datarate: 'SF12BW125' };
const DELAY_US = { join: 5_000_000, data: 1_000_000 } as const;
const SECOND_US = 1_000_000;
const MAX_BODY_BYTES = 65_536;
const MAX_AGE_S = 300;
/** Frames whose copies are known for such. */
const REMEMBERED = 1000;

export interface ListeningServer {
  readonly url: string;
  /** What it heard, copies left out. */
  readonly heard: readonly Heard[];
  /** Posts: all of them, copies of frames, and those that it refused. */
  readonly counts: { readonly posts: number; readonly copies: number; readonly refused: number };
  close(): Promise<void>;
}

/** A network server behind the router's HTTP forwarder: it checks who posts, and answers the first copy of each frame. */
export async function listenNetworkServer(options: {
  readonly server: NetworkServer;
  readonly secret: string;
  /** Of the device's windows, those that answers are for; both unless it says so. */
  readonly windows?: () => 'both' | 'second';
  readonly port?: number;
  readonly now?: () => number;
}): Promise<ListeningServer> {
  const { server, secret, now = Date.now } = options;
  const heard: Heard[] = [];
  const counts = { posts: 0, copies: 0, refused: 0 };
  const frames = new Set<string>();

  const answer = (body: string, signature: string): { readonly status: number; readonly answer: unknown } => {
    counts.posts += 1;
    if (!isSigned({ body, signature, secret, now: now() / 1000 })) {
      counts.refused += 1;
      return { status: 401, answer: { error: 'the signature is not the router’s' } };
    }
    const value: unknown = JSON.parse(body);
    // Other events need no answer.
    if (!posted.Check(value)) return { status: 200, answer: {} };
    if (frames.has(value.frame_id)) {
      counts.copies += 1;
      return { status: 200, answer: {} };
    }
    frames.add(value.frame_id);
    if (frames.size > REMEMBERED) for (const oldest of [...frames].slice(0, 1)) frames.delete(oldest);
    const one = server.hear(Buffer.from(value.frame, 'base64'));
    heard.push(one);
    const delay = DELAY_US[one.kind];
    const { frequency, datarate } = value;
    const frame = one.answer.toString('base64');
    const first = { delay_us: delay, frequency, datarate };
    const second = { delay_us: delay + SECOND_US, ...RX2 };
    const downlink =
      options.windows?.() === 'second' ? { frame, rx1: second } : { frame, rx1: first, rx2: second };
    return { status: 200, answer: { downlink } };
  };

  const listener = createServer((request, response) => {
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    bodyOf(request).then(
      (body) => {
        try {
          const signature = request.headers['coverant-signature'];
          const made = answer(body, typeof signature === 'string' ? signature : '');
          send(made.status, made.answer);
        } catch (error) {
          counts.refused += 1;
          send(422, { error: error instanceof Error ? error.message : 'unknown' });
        }
      },
      () => {
        send(400, { error: 'the body cannot be read' });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/`,
    heard,
    counts,
    close: () =>
      new Promise((resolve) => {
        listener.closeAllConnections();
        listener.close(() => {
          resolve();
        });
      }),
  };
}

/** `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`, not older than five minutes. */
function isSigned(of: {
  readonly body: string;
  readonly signature: string;
  readonly secret: string;
  /** Seconds. */
  readonly now: number;
}): boolean {
  const [, at = '', mac = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(of.signature) ?? [];
  if (mac === '' || Math.abs(of.now - Number(at)) > MAX_AGE_S) return false;
  const expected = createHmac('sha256', of.secret).update(`${at}.${of.body}`).digest();
  return timingSafeEqual(expected, Buffer.from(mac, 'hex'));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) throw new TypeError('expected bytes');
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('the body is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
