/**
 * Plots as SVG text: lines over named places, and groups of bars. They have a ground of their own, so that
 * they can be read in light and dark pages alike.
 */

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 74;
const RIGHT = 20;
const TOP = 76;
const BOTTOM = 54;

const COLOURS = ['#0b62a8', '#c8500a', '#12805c', '#a33f83', '#6b6b6b', '#9a7d0a'];
const INK = '#1c1c1c';
const FAINT = '#d9d9d9';

export interface Series {
  readonly name: string;
  /** One for each place; NaN leaves a gap. */
  readonly values: readonly number[];
  /** Drawn with dashes: something to compare with. */
  readonly dashed?: boolean;
  /** Which of the colours it has; without it, that of its place among the series. */
  readonly colour?: number;
}

export interface Plot {
  readonly title: string;
  readonly yName: string;
  readonly xName: string;
  /** The names of the places on the x axis. */
  readonly places: readonly string[];
  readonly series: readonly Series[];
  /** A y axis on which each step is a multiple. */
  readonly logarithmic?: boolean;
}

/** Draws lines over the places. */
export function linePlot(plot: Plot): string {
  const drawn = paint(plot);
  const y = scaleOf(plot);
  const lines = drawn.map(({ values, dash, colour }) => {
    const points = values.flatMap((value, place) =>
      Number.isNaN(value) ? [] : [[xOf(plot, place).toFixed(1), y.at(value).toFixed(1)] as const],
    );
    const path = points.map((point) => point.join(',')).join(' ');
    const line = `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`;
    return line + points.map(([x, at]) => `<circle cx="${x}" cy="${at}" r="3" fill="${colour}"/>`).join('');
  });
  return frame(plot, drawn, y, lines);
}

/** Draws a group of bars at each place, a bar for each series, with its number above. */
export function barPlot(plot: Plot): string {
  const drawn = paint(plot);
  const y = scaleOf(plot);
  const wide = Math.min(56, ((WIDTH - LEFT - RIGHT) / plot.places.length) * (0.8 / drawn.length));
  const bars = drawn.flatMap(({ values, colour }, index) =>
    values.flatMap((value, place) => {
      if (Number.isNaN(value)) return [];
      const left = xOf(plot, place) + wide * (index - drawn.length / 2);
      const top = y.at(value);
      const size = `width="${(wide - 2).toFixed(1)}" height="${(y.zero - top).toFixed(1)}"`;
      const at = `x="${(left + wide / 2).toFixed(1)}" y="${(top - 5).toFixed(1)}"`;
      return [
        `<rect x="${(left + 1).toFixed(1)}" y="${top.toFixed(1)}" ${size} fill="${colour}"/>`,
        `<text ${at} text-anchor="middle" font-size="11">${number(value)}</text>`,
      ];
    }),
  );
  return frame(plot, drawn, y, bars);
}

interface Drawn extends Omit<Series, 'colour'> {
  readonly colour: string;
  /** What makes an SVG line a dashed one, or nothing. */
  readonly dash: string;
}

/** Gives the series their colours, and leaves out those without values. */
function paint({ series }: Plot): Drawn[] {
  return series
    .map((each, index) => ({
      ...each,
      colour: COLOURS[(each.colour ?? index) % COLOURS.length] ?? INK,
      dash: each.dashed ? ' stroke-dasharray="6 5"' : '',
    }))
    .filter(({ values }) => values.some((value) => !Number.isNaN(value)));
}

/** The middle of a place on the x axis. */
function xOf({ places }: Plot, place: number): number {
  return LEFT + ((WIDTH - LEFT - RIGHT) / places.length) * (place + 0.5);
}

interface Scale {
  readonly ticks: readonly number[];
  /** Where the axis begins. */
  readonly zero: number;
  at(value: number): number;
}

function scaleOf({ series, logarithmic }: Plot): Scale {
  const values = series.flatMap((each) => each.values).filter((value) => value > 0);
  const largest = Math.max(1e-9, ...values);
  const zero = HEIGHT - BOTTOM;
  const room = zero - TOP;
  if (logarithmic) {
    const low = Math.floor(Math.log10(Math.min(largest, ...values)));
    const high = Math.max(low + 1, Math.ceil(Math.log10(largest)));
    const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
    return { ticks, zero, at: (value) => zero - (room * (Math.log10(value) - low)) / (high - low) };
  }
  const step = niceStep(largest / 5);
  const top = Math.ceil(largest / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { ticks, zero, at: (value) => zero - (room * value) / top };
}

/** The next of 1, 2, 5, 10, 20, 50 and so on. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function frame(plot: Plot, drawn: readonly Drawn[], y: Scale, marks: readonly string[]): string {
  const grid = y.ticks.flatMap((tick) => {
    const at = y.at(tick).toFixed(1);
    return [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="${FAINT}"/>`,
      `<text x="${LEFT - 8}" y="${at}" dy="4" text-anchor="end">${number(tick)}</text>`,
    ];
  });
  const places = plot.places.map((name, place) => {
    const at = `x="${xOf(plot, place).toFixed(1)}" y="${y.zero + 20}"`;
    return `<text ${at} text-anchor="middle">${escaped(name)}</text>`;
  });
  const legend = drawn.flatMap(({ name, colour, dash }, index) => {
    const left = Math.round(LEFT + ((WIDTH - LEFT - RIGHT) / 3) * (index % 3));
    const top = 37 + 17 * Math.floor(index / 3);
    const line = `x1="${left}" x2="${left + 22}" y1="${top}" y2="${top}"`;
    return [
      `<line ${line} stroke="${colour}" stroke-width="${dash ? 2 : 8}"${dash}/>`,
      `<text x="${left + 28}" y="${top + 4}">${escaped(name)}</text>`,
    ];
  });
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  const side = `translate(16 ${(TOP + y.zero) / 2}) rotate(-90)`;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="${INK}">`,
    `<title>${escaped(plot.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="20" font-size="15" font-weight="bold">${escaped(plot.title)}</text>`,
    ...legend,
    ...grid,
    ...places,
    `<text x="${middle}" y="${HEIGHT - 12}" text-anchor="middle">${escaped(plot.xName)}</text>`,
    `<text transform="${side}" text-anchor="middle">${escaped(plot.yName)}</text>`,
    ...marks,
    '</svg>',
  ].join('\n')}\n`;
}

function number(value: number): string {
  return value < 10 ? String(Number(value.toPrecision(2))) : Math.round(value).toLocaleString('en');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
