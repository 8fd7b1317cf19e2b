import { Counter, Gauge, Histogram } from 'prom-client';
import type { Metrics } from '#services/runtime/metrics';

/** Metrics of one process after the other in one test, that can be asked. */
export interface CountingMetrics extends Metrics {
  /** Sum over all counters of the name, as far as the label fits. */
  readonly count: (name: string, label?: string) => Promise<number>;
}

export function countingMetrics(): CountingMetrics {
  const counters: { readonly name: string; readonly counter: Pick<Counter, 'get'> }[] = [];
  return {
    contentType: '',
    counter: <Label extends string>(name: string, help: string, labels: readonly Label[] = []) => {
      const counter = new Counter<Label>({ name, help, labelNames: [...labels], registers: [] });
      counters.push({ name, counter });
      return counter;
    },
    gauge: (name, help) => new Gauge({ name, help, registers: [] }),
    histogram: (name, help, buckets) => new Histogram({ name, help, buckets: [...buckets], registers: [] }),
    text: () => Promise.resolve(''),
    count: async (name, label) => {
      let sum = 0;
      for (const each of counters.filter((counter) => counter.name === name))
        for (const { value, labels } of (await each.counter.get()).values)
          if (label === undefined || Object.values(labels).includes(label)) sum += value;
      return sum;
    },
  };
}
