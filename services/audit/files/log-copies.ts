import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { ProtocolError } from '#protocol/errors';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { Outage } from '#services/runtime/outage';
import { mirrorPlace } from '#services/runtime/public-epochs';
import { CannotCheck, damagedCopy, findingOf } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';

export type Log = Policy['logs'][number];

/** A copy of a log whose checkpoint the log's own key signed. */
export interface LogCopy {
  readonly location: string;
  /** Whether it is what the policy names, and no mirror. */
  readonly own: boolean;
  readonly tree: VerifiedTree;
}

export interface LogCopies {
  readonly copies: readonly LogCopy[];
  /** Copies that can be read and are not what they say. */
  readonly refused: readonly Finding[];
}

/** Opens the logs of policies, each once, however many epochs ask for it. */
export class LogLibrary {
  readonly #from: string;
  readonly #verify: VerifySignature;
  readonly #opened = new Map<string, Promise<LogCopies>>();

  /** `from`: base of the epoch folders. */
  constructor({ from, verify }: { readonly from: string; readonly verify: VerifySignature }) {
    this.#from = from;
    this.#verify = verify;
  }

  /** The log's own public files and the mirror beside the epoch folders, as far as they can be read. */
  open(log: Log): Promise<LogCopies> {
    const name = `${log.origin} ${log.vkey} ${log.url}`;
    const held = this.#opened.get(name);
    if (held !== undefined) return held;
    const opened = this.#open(log);
    this.#opened.set(name, opened);
    return opened;
  }

  async #open(log: Log): Promise<LogCopies> {
    const copies: LogCopy[] = [];
    const refused: Finding[] = [];
    const reasons: string[] = [];
    const places = [
      { base: log.url, own: true },
      { base: mirrorPlace(this.#from, log.origin), own: false },
    ];
    for (const { base, own } of places)
      try {
        copies.push({ location: base, own, tree: await this.#openTree(log, base) });
      } catch (error) {
        if (error instanceof Outage) reasons.push(error.message);
        else refused.push(findingOf('evidence', error));
      }
    if (copies.length === 0 && refused.length === 0)
      throw new CannotCheck(
        'files_unreachable',
        `no copy of the log ${log.origin} can be read: ${reasons.join('; ')}`,
      );
    return { copies, refused };
  }

  async #openTree(log: Log, base: string): Promise<VerifiedTree> {
    const reader = publicLogReader({ base });
    const note = await reader.checkpoint();
    const where = `${base}/checkpoint`;
    try {
      const known = { origin: log.origin, keys: [parseVerifierKey(log.vkey)], verify: this.#verify };
      return new VerifiedTree(reader, openCheckpoint(note, known));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.code === 'unsigned_checkpoint' || error.code === 'invalid_signature')
        throw new CannotCheck('wrong_log_key', `${where}: ${error.message}`, { cause: error });
      if (error.context['origin'] !== undefined && error.context['expected'] === log.origin)
        throw new CannotCheck('foreign_copy', `${where}: ${error.message}`, { cause: error });
      throw damagedCopy(where, error);
    }
  }
}
