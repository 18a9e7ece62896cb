/**
 * Plots as SVG text, drawn by vega-lite without a browser: lines over named places, and groups of bars. The
 * background is white, so that a plot can be read on light and dark pages alike.
 */
import { parse, View } from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';

const COLOURS = ['#0b62a8', '#c8500a', '#12805c', '#a33f83', '#6b6b6b', '#9a7d0a'];
const INK = '#1c1c1c';
const SOLID = [1, 0];
const DASHED = [6, 5];

export interface Series {
  readonly name: string;
  /** One for each place; NaN if it was not measured. */
  readonly values: readonly number[];
  /** A dashed line, for a reference. */
  readonly dashed?: boolean;
  /** The index of its colour; by default its own index among the series. */
  readonly colour?: number;
}

export interface Plot {
  readonly title: string;
  readonly yName: string;
  readonly xName: string;
  /** The names of the places on the x axis. */
  readonly places: readonly string[];
  readonly series: readonly Series[];
  /** A logarithmic y axis. */
  readonly logarithmic?: boolean;
}

/** Draws lines over the places. */
export function linePlot(plot: Plot): Promise<string> {
  const { names, dashes, x, y, ...channels } = channelsOf(plot);
  const legend = { symbolType: 'stroke', symbolSize: 500, symbolStrokeWidth: 2 } as const;
  const color = { ...channels.color, legend };
  const strokeDash = { ...color, scale: { domain: names, range: dashes } };
  return draw(plot, [
    { mark: 'line', encoding: { x, y, color, strokeDash } },
    { mark: { type: 'circle', size: 30, opacity: 1 }, encoding: { x, y, color } },
  ]);
}

/** Draws a group of bars at each place, a bar for each series, with its number above. */
export function barPlot(plot: Plot): Promise<string> {
  const { names, x, y, color } = channelsOf(plot);
  const xOffset = { field: 'series', scale: { domain: names, paddingInner: 0.04 } } as const;
  const label = { type: 'text', dy: -8, fontSize: 11 } as const;
  return draw(plot, [
    { mark: 'bar', encoding: { x, y, xOffset, color } },
    { mark: label, encoding: { x, y, xOffset, text: { field: 'label' } } },
  ]);
}

/** The channels: how data are mapped to positions and colours. Series without values are left out. */
function channelsOf({ series, places, xName, yName, logarithmic }: Plot) {
  const drawn = series
    .map((each, index) => ({ ...each, colour: COLOURS[(each.colour ?? index) % COLOURS.length] ?? INK }))
    .filter(({ values }) => values.some((value) => !Number.isNaN(value)));
  const names = drawn.map(({ name }) => name);
  const colours = drawn.map(({ colour }) => colour);
  const y = {
    field: 'value',
    type: 'quantitative',
    title: yName,
    scale: { type: logarithmic ? 'log' : 'linear', nice: true },
    // With so few ticks, a logarithmic axis over several decades has them at powers of ten only.
    axis: { tickCount: logarithmic ? 3 : 5, format: ',~r' },
  } as const;
  return {
    names,
    dashes: drawn.map(({ dashed }) => (dashed ? DASHED : SOLID)),
    x: { field: 'place', title: xName, sort: null, scale: { domain: [...places], padding: 0.3 } },
    y,
    color: { field: 'series', title: null, scale: { domain: names, range: colours } },
  };
}

/** One row for each measured value. A logarithmic axis cannot show 0. */
function rowsOf({ series, places, logarithmic }: Plot) {
  return series.flatMap(({ name, values }) =>
    values
      .map((value, index) => ({ series: name, place: places[index], value, label: number(value) }))
      .filter(({ value }) => value > 0 || (value === 0 && !logarithmic)),
  );
}

function number(value: number): string {
  return value < 10 ? String(Number(value.toPrecision(2))) : Math.round(value).toLocaleString('en');
}

const config: Config = {
  aria: false,
  view: { stroke: null },
  title: { anchor: 'start', frame: 'group', fontSize: 15, color: INK },
  axis: {
    domain: false,
    ticks: false,
    labelFontSize: 12,
    labelPadding: 8,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 12,
    labelColor: INK,
    titleColor: INK,
  },
  axisX: { grid: false, labelAngle: 0 },
  // Without a browser the width of a text is overestimated: three columns would not fit.
  legend: { orient: 'top', columns: 2, labelFontSize: 12, labelLimit: 0, labelColor: INK, symbolSize: 200 },
};

type Layers = Extract<TopLevelSpec, { layer: unknown }>['layer'];

async function draw(plot: Plot, layer: Layers): Promise<string> {
  const spec: TopLevelSpec = {
    title: plot.title,
    width: 760,
    height: 400,
    autosize: { type: 'fit', contains: 'padding' },
    background: '#ffffff',
    padding: 10,
    data: { values: rowsOf(plot) },
    config,
    layer,
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  return `${await view.toSVG()}\n`;
}
