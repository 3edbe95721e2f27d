/** Runs compiled signatures on generated inputs, from files in a folder that goes again. */
import { join } from 'node:path';
import {
  asFloeError,
  type CompiledGraph,
  type ErrorCode,
  type FloeError,
  type Signature,
  type Tensor,
} from '@floe/graph';
import { MODEL_FILE, WEIGHTS_FILE } from '../../build/artefact.ts';
import { type Engine, openEngine, type Session } from '../../engine/index.ts';
import { NewFolder } from '../../store/new-folder.ts';
import { generatedInputs } from './inputs.ts';

/** `opened`: whether the engine takes the graph. `outputs`: by graph name, where it ran. */
export interface Trial {
  readonly opened: boolean;
  readonly feeds?: ReadonlyMap<string, Tensor>;
  readonly outputs?: ReadonlyMap<string, Tensor>;
  /** Why it did not run, or was not run. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** Undefined, with the reason told, where there is no engine for this machine. */
export async function tryEngine(say: (message: string) => void): Promise<Engine | undefined> {
  try {
    return await openEngine({ kind: 'auto', log: say });
  } catch (error) {
    say(`nothing is run: ${asFloeError(error).message}`);
    return undefined;
  }
}

/** Writes the graph into `folder`, opens it and runs it once. */
export async function tryOut(
  engine: Engine,
  folder: string,
  { model, weights, weightsBytes }: CompiledGraph,
  signature: Signature,
): Promise<Trial> {
  const files = new NewFolder(folder);
  await files.write(MODEL_FILE, [model]);
  if (weightsBytes > 0) await files.write(WEIGHTS_FILE, weights);
  await files.settled();
  let session: Session;
  try {
    session = await engine.open(join(folder, MODEL_FILE), { intraOpThreads: 0 });
  } catch (error) {
    return { opened: false, ...failure(asFloeError(error)) };
  }
  try {
    const feeds = generatedInputs(signature);
    const names = session.outputs.map(({ name }) => name);
    const values = await session.run(feeds, names);
    return { opened: true, feeds, outputs: new Map(names.map((name, i) => [name, values[i] as Tensor])) };
  } catch (error) {
    return { opened: true, ...failure(asFloeError(error)) };
  } finally {
    await session.close();
  }
}

function failure({ code, message }: FloeError): Pick<Trial, 'error'> {
  return { error: { code, message } };
}
