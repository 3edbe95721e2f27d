/** Line charts as SVG, no library, and the same bytes for the same figures. */

export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  /** Points in order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Values marked on each axis; the first and last are its ends. The y axis is logarithmic. */
  readonly xTicks: readonly number[];
  /** How a mark of the x axis is written; as the number that it is where absent. */
  readonly xText?: (tick: number) => string;
  readonly yTicks: readonly number[];
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT] = [360, 300];
const MARGIN = { left: 56, right: 16, top: 32, bottom: 44 };
/** Height and width of an entry of the legend. */
const LEGEND = 22;
const ENTRY = 190;

/** Panels side by side, with one legend under them: the first panel's lines that are not dashed. */
export function svg(title: string, panels: readonly Panel[]): string {
  const width = WIDTH * panels.length;
  const named = (panels[0]?.lines ?? []).filter(({ dashed }) => !dashed);
  const perRow = Math.max(1, Math.floor((width - MARGIN.left) / ENTRY));
  const height = HEIGHT + LEGEND * Math.max(1, Math.ceil(named.length / perRow));
  const body = panels.map((panel, i) => `<g transform="translate(${i * WIDTH} 0)">${draw(panel)}</g>`);
  const style = 'font-family="sans-serif" font-size="11" fill="#333"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${style}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...body,
    named.map((line, i) => entry(line, i % perRow, Math.floor(i / perRow))).join(''),
    '</svg>',
    '',
  ].join('\n');
}

function draw(panel: Panel): string {
  const x = scale(panel.xTicks, MARGIN.left, WIDTH - MARGIN.right, (value) => value);
  const y = scale(panel.yTicks, HEIGHT - MARGIN.bottom, MARGIN.top, Math.log);
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const bottom = HEIGHT - MARGIN.bottom;
  return [
    text(left, 18, panel.title, 'font-weight="bold"'),
    ...panel.yTicks.map((tick) => rule(left, y(tick), right, y(tick)) + text(left - 6, y(tick) + 4, String(tick), END)),
    ...panel.xTicks.map((tick) => text(x(tick), bottom + 16, (panel.xText ?? String)(tick), MIDDLE)),
    text((left + right) / 2, bottom + 34, panel.xLabel, MIDDLE),
    text(0, 0, panel.yLabel, `${MIDDLE} transform="translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)"`),
    ...panel.lines.map((line) => curve(line, x, y)),
  ].join('\n');
}

const END = 'text-anchor="end"';
const MIDDLE = 'text-anchor="middle"';

function curve({ points, colour, dashed }: Line, x: (value: number) => number, y: (value: number) => number): string {
  const path = points.map(([px, py]) => `${round(x(px))},${round(y(py))}`).join(' ');
  const dash = dashed ? ' stroke-dasharray="5 3"' : '';
  const dots = points.map(([px, py]) => `<circle cx="${round(x(px))}" cy="${round(y(py))}" r="2.5" fill="${colour}"/>`);
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>${dots.join('')}`;
}

function entry({ name, colour }: Line, column: number, row: number): string {
  const x = MARGIN.left + column * ENTRY;
  const y = HEIGHT + 4 + row * LEGEND;
  return `<path d="M${x} ${y}h22" stroke="${colour}" stroke-width="2"/>${text(x + 28, y + 4, name, '')}`;
}

function scale(ticks: readonly number[], from: number, to: number, by: (value: number) => number) {
  const low = by(ticks[0] ?? 0);
  const high = by(ticks.at(-1) ?? 1);
  return (value: number): number => from + ((by(value) - low) / (high - low)) * (to - from);
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`;
}

/** Words as XML and HTML take them. */
export function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
