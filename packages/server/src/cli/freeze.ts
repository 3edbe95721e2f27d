/** `floe freeze`. */
import { invalid } from '@floe/graph/base';
import { type FreezeRequest, type FreezeResult, freezeVersion } from '../build/freeze-version.ts';
import { EXIT, megabytes, print, printJson, progressBar } from './output.ts';
import { formatSignature } from './signature-text.ts';

export async function freezeCommand(source: string, options: Record<string, unknown>): Promise<number> {
  const { models, json, set, ...rest } = options;
  const request = {
    source,
    root: models,
    ...rest,
    ...(set === undefined ? {} : { set: assignments(set as readonly string[]) }),
  } as unknown as FreezeRequest;
  const bar = await progressBar(json === true);
  const started = performance.now();
  const result = await freezeVersion(request, bar.update).finally(() => bar.stop());
  if (json === true) printJson(result);
  else report(result, performance.now() - started);
  return EXIT.ok;
}

/** `['keep_prob=1']` -> `{ keep_prob: '1' }`. */
function assignments(list: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const item of list) {
    const equals = item.indexOf('=');
    if (equals < 1) throw invalid(`--set ${item}: write it as name=value`, { field: '--set' });
    values[item.slice(0, equals)] = item.slice(equals + 1);
  }
  return values;
}

function report({ folder, manifest }: FreezeResult, milliseconds: number): void {
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
}
