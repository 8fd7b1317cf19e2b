const WIDTH = 30;
/** A terminal need not be written to more often. */
const EVERY_MS = 100;

/** A line that overwrites itself on a terminal, and is nothing anywhere else. */
export function progressBar(out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>): {
  readonly show: (at: { readonly epoch: string; readonly done: number; readonly of: number }) => void;
  readonly clear: () => void;
} {
  let shownAt = 0;
  let isShown = false;
  return {
    show: ({ epoch, done, of }) => {
      const now = Date.now();
      if (!out.isTTY || of === 0 || now - shownAt < EVERY_MS) return;
      shownAt = now;
      isShown = true;
      const full = Math.floor((WIDTH * done) / of);
      const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
      out.write(`\r\u001b[Kepoch ${epoch} ${bar} ${done}/${of} signatures`);
    },
    clear: () => {
      if (isShown) out.write('\r\u001b[K');
      isShown = false;
    },
  };
}
