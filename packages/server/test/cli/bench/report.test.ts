import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../src/cli/bench/histogram.ts';
import { parseMix } from '../../../src/cli/bench/mix.ts';
import { plotHtml, plotSvg } from '../../../src/cli/bench/plot.ts';
import { reportOf, reportText } from '../../../src/cli/bench/report.ts';
import { Tally } from '../../../src/cli/bench/tally.ts';

const classes = parseMix('small=1:0.5,large=20:0.5');

function measured(cpuSeconds?: number) {
  const tally = new Tally(classes);
  tally.record(0, '200', 2);
  tally.record(0, '200', 4);
  tally.record(1, '200', 30);
  tally.record(1, '503', 1);
  tally.record(0, 'ECONNRESET', 1);
  tally.fail('unsent', 2);
  tally.lateness.record(0.5);
  const all = new Histogram();
  for (const histogram of tally.latencies) all.add(histogram);
  const about = { target: 'http://h/v2/models/<m>/infer', load: { rate: 10, seed: 1 }, seconds: 2, cpuSeconds };
  const curves = classes.map(({ name }, at) => ({ name, histogram: tally.latencies[at] ?? all }));
  return { report: reportOf(about, classes, all, tally), curves };
}

describe('a report', () => {
  it('counts answers, rows and failures, all and by class', () => {
    expect(measured(0.3).report).toMatchObject({
      answers: 3,
      answersPerSecond: 1.5,
      rowsPerSecond: 11,
      errors: { 503: 1, ECONNRESET: 1, unsent: 2 },
      latency: { mean: 12, max: 30 },
      classes: [
        { name: 'small', rows: 1, answers: 2, mean: 3, max: 4 },
        { name: 'large', rows: 20, answers: 1, mean: 30, max: 30 },
      ],
      lateness: { mean: 0.5 },
      cpu: { seconds: 0.3, perAnswer: 0.3 / 3 },
    });
  });

  it('says the same to people', () => {
    const text = reportText(measured(0.3).report);
    expect(text).toContain('10 requests/s, open loop, 2.0 s');
    expect(text).toContain('errors: 1 x 503, 1 x ECONNRESET, 2 x unsent');
    expect(text).toMatch(/^large +1 +30\.00/m);
    expect(text).toContain('100.000 ms an answer');
    expect(reportText(measured().report)).not.toContain('CPU');
  });

  it('is drawn with a line for each class, its words escaped', () => {
    const { report, curves } = measured();
    const svg = plotSvg(report, curves);
    expect(svg).toContain('<title>http://h/v2/models/&lt;m&gt;/infer</title>');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(plotHtml(report, curves)).toContain('errors: 1 x 503');
  });

  it('is drawn where nothing was answered', () => {
    const tally = new Tally(classes);
    const about = { target: 't', load: { concurrency: 1 }, seconds: 1, cpuSeconds: 1 };
    const report = reportOf(about, classes, new Histogram(), tally);
    expect(report).toMatchObject({ answers: 0, latency: { mean: 0, p99: 0 }, cpu: { perAnswer: 0 } });
    expect(plotSvg(report, [])).not.toMatch(/NaN|Infinity/);
  });
});
