// Makes prom-client's meters from entries of the series table.

import { Counter, Gauge, Histogram, type Registry } from "prom-client";

interface SeriesEntry<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
}

interface HistogramEntry<L extends string> extends SeriesEntry<L> {
  readonly buckets: readonly number[];
}

export function counter<L extends string>(registry: Registry, { name, help, labels }: SeriesEntry<L>): Counter<L> {
  return new Counter({ name, help, labelNames: labels, registers: [registry] });
}

export function gauge<L extends string>(registry: Registry, { name, help, labels }: SeriesEntry<L>): Gauge<L> {
  return new Gauge({ name, help, labelNames: labels, registers: [registry] });
}

export function histogram<L extends string>(registry: Registry, entry: HistogramEntry<L>): Histogram<L> {
  const { name, help, labels, buckets } = entry;
  return new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
}
