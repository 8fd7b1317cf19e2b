import picocolors from 'picocolors';

/** Prints one plain line: seconds since the start, the stage, and what happened. */
export type Say = (stage: string, text: string) => void;

export interface Reporter {
  readonly say: Say;
  /** Remembers when a step was reached, for the account of where the time went. */
  readonly mark: (step: string) => void;
  /** Steps in order with the seconds that each took. */
  readonly steps: () => readonly { readonly step: string; readonly seconds: number }[];
  readonly elapsed: () => number;
}

export function openReporter(now: () => number): Reporter {
  const started = now();
  const marks: { readonly step: string; readonly at: number }[] = [];
  const elapsed = (): number => (now() - started) / 1000;
  return {
    elapsed,
    say: (stage, text) => {
      const time = `${elapsed().toFixed(1)} s`.padStart(8);
      console.log(`${picocolors.dim(time)}  ${picocolors.bold(stage.padEnd(9))} ${text}`);
    },
    mark: (step) => {
      if (!marks.some((mark) => mark.step === step)) marks.push({ step, at: elapsed() });
    },
    steps: () => marks.map(({ step, at }, index) => ({ step, seconds: at - (marks[index - 1]?.at ?? 0) })),
  };
}
