/** `floe freeze`. */
import process from 'node:process';
import { type FreezeRequest, type FreezeResult, freezeVersion } from '../build/freeze-version.ts';
import { discardUnfinished } from '../store/new-folder.ts';
import { assignments } from './model.ts';
import { EXIT, megabytes, print, printJson, progressBar } from './output.ts';
import { cleaningUp } from './signals.ts';
import { formatSignature } from './signature-text.ts';

export async function freezeCommand(source: string, options: Record<string, unknown>): Promise<number> {
  const { models, json, ...rest } = options;
  const request = freezeRequest(source, models as string, rest);
  const bar = await progressBar(json === true);
  const started = performance.now();
  const listening = cleaningUp(process, discardUnfinished);
  const result = await freezeVersion(request, bar.update).finally(() => {
    listening();
    bar.stop();
  });
  if (json === true) printJson(result);
  else report(result, performance.now() - started);
  return EXIT.ok;
}

/** `options`: as `floe freeze` takes them, without where to. */
export function freezeRequest(source: string, root: string, options: Record<string, unknown>): FreezeRequest {
  const { set, ...rest } = options;
  const given = set === undefined ? {} : { set: assignments(set as readonly string[]) };
  return { source, root, ...rest, ...given } as unknown as FreezeRequest;
}

function report({ folder, manifest, warmUp }: FreezeResult, milliseconds: number): void {
  const size = manifest.files['frozen.pb']?.bytes ?? 0;
  print(`${folder}: frozen and compiled, ${megabytes(size)}, ${(milliseconds / 1000).toFixed(2)} s`);
  for (const [key, signature] of Object.entries(manifest.signatures)) {
    print(`  ${key}: ${formatSignature(signature)}`);
    const rows = manifest.rowIndependent[key];
    if (rows !== undefined)
      print(
        `    rows are ${rows.proved ? 'independent of each other' : `not known to be independent: ${rows.reason}`}`,
      );
  }
  if (warmUp === undefined) return;
  const left = warmUp.leftOut === 0 ? '' : `; ${warmUp.leftOut} that no signature takes were left out`;
  print(`  warm-up requests: ${warmUp.kept}${left}`);
}
