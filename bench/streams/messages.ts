/** What the bench asks of the process that serves the streams; before `memory` its garbage is collected. */
export type Asked = 'state' | 'memory' | 'close';

/** How the server stands. */
export interface ServerState {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly streams: number;
  /** Records in its log. */
  readonly records: number;
  /** Milliseconds of CPU time since the process began. */
  readonly cpuMs: number;
  /** Milliseconds that the event loop was late at the 99th percentile, since the last time it was asked. */
  readonly lateMs: number;
}

export type Told = { readonly url: string } | ServerState;
