/** What `floe check` found out, as `--json` prints it. */
import type { Measures, Signature } from '@floe/graph';
import type { Difference } from './difference.ts';
import type { CompiledReport } from './examine.ts';
import type { Problem } from './problems.ts';
import type { Trial } from './trial.ts';

export interface SignatureReport {
  readonly key: string;
  readonly signature: Signature | null;
  readonly problems: readonly Problem[];
  /** Of the frozen graph, cut to this signature. */
  readonly measures: Measures | null;
  readonly compiled: CompiledReport | null;
  /** Null where nothing was run. */
  readonly trial: { readonly inputs: readonly string[]; readonly error: NonNullable<Trial['error']> | null } | null;
  /** By output; what TensorFlow says where it does not run the signature; null where it was not asked. */
  readonly answers: Readonly<Record<string, Difference>> | string | null;
}

export interface CheckReport {
  readonly path: string;
  readonly format: string;
  /** Version of TensorFlow that wrote the model; empty where it does not say. */
  readonly producer: string;
  readonly engine: string | null;
  readonly tensorflow: { readonly version?: string; readonly error?: string } | null;
  readonly signatures: readonly SignatureReport[];
  /** `runs`: all signatures, as TensorFlow does where that was asked. `fails`: one will not run. `differs`: one answers otherwise. */
  readonly verdict: 'runs' | 'fails' | 'differs';
}
