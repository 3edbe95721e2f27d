/** Latency by percentile, a line for each class, as SVG or as an HTML page with the figures under it. */
import type { Histogram } from './histogram.ts';
import { escaped, type Line, type Panel, svg } from './line-chart.ts';
import { type Report, reportText } from './report.ts';

const COLOURS = ['#2471a3', '#c0392b', '#e0a030', '#1e8449', '#7d3c98', '#566573'];
/** The axis shows orders of magnitude of what is left above a percentile: 0 %, 90 %, 99 %, 99.9 %. */
const NINES = [0, 1, 2, 3];
const STEP = 0.125;

export interface Curve {
  readonly name: string;
  readonly histogram: Histogram;
}

export function plotSvg(report: Report, curves: readonly Curve[]): string {
  const lines = curves.filter(({ histogram }) => histogram.count > 0).map(lineOf);
  const panel: Panel = {
    title: 'Latency by percentile',
    xLabel: 'percent of the answers',
    yLabel: 'milliseconds',
    xTicks: NINES,
    xText: (nines) => String(100 - 100 * 10 ** -nines),
    yTicks: decades(lines),
    lines,
  };
  return svg(report.target, [panel]);
}

export function plotHtml(report: Report, curves: readonly Curve[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${escaped(report.target)}</title></head><body>`,
    plotSvg(report, curves),
    `<pre>${escaped(reportText(report))}</pre>`,
    '</body></html>',
    '',
  ].join('\n');
}

function lineOf({ name, histogram }: Curve, at: number): Line {
  const steps = Array.from({ length: 3 / STEP + 1 }, (_, i) => i * STEP);
  // A percentile of which fewer than one answer is left says nothing more.
  const known = steps.filter((nines) => nines === 0 || histogram.count >= 10 ** nines);
  const points = known.map((nines) => [nines, histogram.quantile(1 - 10 ** -nines)] as const);
  return { name, colour: COLOURS[at % COLOURS.length] ?? '#000', points };
}

/** Powers of ten around all points. */
function decades(lines: readonly Line[]): readonly number[] {
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => y > 0);
  if (values.length === 0) return [1, 10];
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: high - low + 1 }, (_, i) => Number((10 ** (low + i)).toPrecision(1)));
}
