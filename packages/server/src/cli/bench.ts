/** `floe bench`: puts load on an endpoint and says how fast it answers. It loads nothing of the server. */
import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import process from 'node:process';
import { FloeError } from '@floe/graph/base';
import { loadTest, type Outcome } from './bench/load-test.ts';
import { benchOptions } from './bench/options.ts';
import { plotHtml, plotSvg } from './bench/plot.ts';
import { reportText } from './bench/report.ts';
import { EXIT, print, printJson } from './output.ts';
import { interrupted } from './signals.ts';

/** The exit code says whether every request was answered. */
export async function benchCommand(url: string, raw: Readonly<Record<string, unknown>>): Promise<number> {
  const options = benchOptions(url, { ...raw, key: raw['key'] ?? process.env['FLOE_KEY'] });
  const stopping = new AbortController();
  void interrupted(process).then(() => stopping.abort());
  const outcome = await loadTest(options, stopping.signal);
  if (options.plot !== undefined) await writePlot(options.plot, outcome);
  if (options.json) printJson(outcome.report);
  else print(reportText(outcome.report));
  return Object.keys(outcome.report.errors).length === 0 ? EXIT.ok : EXIT.failed;
}

async function writePlot(file: string, { report, curves }: Outcome): Promise<void> {
  const plot = extname(file) === '.svg' ? plotSvg(report, curves) : plotHtml(report, curves);
  await writeFile(file, plot).catch((cause: Error) => {
    throw new FloeError('PERMISSION_DENIED', `${file} cannot be written: ${cause.message}`, { file }, cause);
  });
}
