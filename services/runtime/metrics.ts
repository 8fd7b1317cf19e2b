import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CounterConfiguration,
  type GaugeConfiguration,
  type HistogramConfiguration,
} from 'prom-client';

/** One process's metrics: every name begins with the stage's verb. */
export interface Metrics {
  readonly contentType: string;
  counter<Label extends string = never>(
    name: string,
    help: string,
    labels?: readonly Label[],
  ): Counter<Label>;
  gauge(name: string, help: string): Gauge;
  /** Buckets in the unit that the name ends with. */
  histogram(name: string, help: string, buckets: readonly number[]): Histogram;
  /** Everything in Prometheus' text format. */
  text(): Promise<string>;
}

export function openMetrics(stage: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ stage });
  collectDefaultMetrics({ register: registry });
  const base = (name: string, help: string) => ({ name: `${stage}_${name}`, help, registers: [registry] });
  return {
    contentType: registry.contentType,
    counter: <Label extends string>(name: string, help: string, labels: readonly Label[] = []) =>
      new Counter<Label>({
        ...base(name, help),
        labelNames: [...labels],
      } satisfies CounterConfiguration<Label>),
    gauge: (name, help) => new Gauge(base(name, help) satisfies GaugeConfiguration<string>),
    histogram: (name, help, buckets) =>
      new Histogram({ ...base(name, help), buckets: [...buckets] } satisfies HistogramConfiguration<string>),
    text: () => registry.metrics(),
  };
}
