import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { guardedLookup, requireTargetUrl, type TargetRules } from '../target.ts';

/** What a server answered to a post; the text only so far as it is short. */
export interface PostAnswer {
  readonly status: number;
  readonly text: string;
}

const MAX_ANSWER_BYTES = 65_536;

/** Posts JSON; follows no redirects, and connects only to addresses that are allowed. TargetError where they are not. */
export async function post(options: {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly rules: TargetRules;
}): Promise<PostAnswer> {
  const { body, rules, timeoutMs } = options;
  const url = requireTargetUrl(options.url, { ...rules, schemes: ['http:', 'https:'] });
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return await new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(body)),
          'user-agent': 'coverant-route',
          ...options.headers,
        },
        lookup: guardedLookup(rules),
        // Of the whole exchange: a server that trickles would hold a slot for ever.
        signal: AbortSignal.timeout(timeoutMs),
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on('data', (part: Buffer) => {
          bytes += part.length;
          if (bytes <= MAX_ANSWER_BYTES) parts.push(part);
          else sent.destroy(new Error('the answer is too long'));
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
