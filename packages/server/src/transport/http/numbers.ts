/** Metrics whose values are counted elsewhere and read when somebody asks. */
import { Counter, Gauge, type Registry } from '@prometheus-io/client';

export type Labels = Readonly<Record<string, string>>;
/** One value, or one for each set of labels. */
export type Read = () => number | Iterable<readonly [Labels, number]>;

export class Numbers {
  private readonly registry: Registry;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  readonly gauge = (name: string, help: string, read: Read, labelNames: readonly string[] = []): void => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of valuesOf(read)) this.set(labels, value);
      },
    });
  };

  readonly counter = (name: string, help: string, read: Read, labelNames: readonly string[] = []): void => {
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of valuesOf(read)) this.inc(labels, value);
      },
    });
  };
}

function valuesOf(read: Read): Iterable<readonly [Labels, number]> {
  const values = read();
  return typeof values === 'number' ? [[{}, values]] : values;
}
