/** Metrics whose values are counted elsewhere and read when somebody asks. */
import { Counter, Gauge, type Registry } from '@prometheus-io/client';

export type Labels = Readonly<Record<string, string>>;
/** One value, or one for each set of labels. */
export type Read = () => number | Iterable<readonly [Labels, number]>;

type Add = (name: string, help: string, read: Read, labelNames?: readonly string[]) => void;

export class Numbers {
  private readonly registry: Registry;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  readonly gauge: Add = (name, help, read, labelNames = []) => {
    new Gauge({
      ...this.settings(name, help, labelNames),
      collect() {
        this.reset();
        for (const [labels, value] of valuesOf(read)) this.set(labels, value);
      },
    });
  };

  readonly counter: Add = (name, help, read, labelNames = []) => {
    new Counter({
      ...this.settings(name, help, labelNames),
      collect() {
        this.reset();
        for (const [labels, value] of valuesOf(read)) this.inc(labels, value);
      },
    });
  };

  private settings(name: string, help: string, labelNames: readonly string[]) {
    return { name, help, labelNames: [...labelNames], registers: [this.registry] };
  }
}

function valuesOf(read: Read): Iterable<readonly [Labels, number]> {
  const values = read();
  return typeof values === 'number' ? [[{}, values]] : values;
}
