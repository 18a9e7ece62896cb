/** A chart of samples over time. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { samples } from '../samples.ts';
import { useStore } from '../store.ts';

export interface Line {
  /** The column of the samples. */
  readonly column: string;
  readonly label: string;
  /** One of the colours of the style sheet, 1 to 6. */
  readonly colour: number;
}

interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Prints a value, for the axis and the legend. */
  readonly format: (value: number | null | undefined) => string;
  /** How much time is shown. */
  readonly minutes: number;
}

const HEIGHT_PX = 150;

/** Colours are those of the style sheet, which knows light and dark. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const dark = globalThis.matchMedia?.('(prefers-color-scheme: dark)');

export function Chart({ title, lines, format, minutes }: ChartProps) {
  const { history } = useStore(samples);
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const key = lines.map(({ column }) => column).join();
  const draw = () => {
    plot.current?.setData(dataOf(lines, minutes));
    showLatest(plot.current);
  };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const open = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        optionsOf(lines, format, element.clientWidth),
        dataOf(lines, minutes),
        element,
      );
      showLatest(plot.current);
    };
    const resize = new ResizeObserver(() => {
      const { clientWidth: width } = element;
      if (width > 0) plot.current?.setSize({ width, height: HEIGHT_PX });
    });
    open();
    resize.observe(element);
    dark.addEventListener('change', open);
    return () => {
      dark.removeEventListener('change', open);
      resize.disconnect();
      plot.current?.destroy();
    };
  }, [key]);
  useEffect(draw, [history.times.at(-1), minutes]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={frame} />
    </figure>
  );
}

/** Shows the latest values in the legend, unless the pointer has chosen others. */
function showLatest(plot: uPlot | undefined): void {
  if (plot && plot.cursor.idx == null) plot.setLegend({ idx: plot.data[0].length - 1 }, false);
}

/** @param timeS in seconds since the epoch. */
function clock(timeS: number | null | undefined): string {
  return timeS ? new Date(timeS * 1_000).toLocaleTimeString('en-GB') : '';
}

/** The end of the history, as arrays of uPlot. A new history is empty for a moment. */
function dataOf(lines: readonly Line[], minutes: number): uPlot.AlignedData {
  const { history } = samples.value;
  const size = -60 * minutes;
  return [history.times.slice(size), ...lines.map(({ column }) => history.values(column).slice(size))];
}

function optionsOf(
  lines: readonly Line[],
  format: (value: number | null | undefined) => string,
  width: number,
): uPlot.Options {
  const axis = {
    stroke: colour('faint'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  return {
    width,
    height: HEIGHT_PX,
    padding: [8, 8, 0, 0],
    legend: { markers: { width: 0, fill: (_plot, index) => colour(`series-${lines[index - 1]?.colour}`) } },
    cursor: { drag: { x: false, y: false }, sync: { key: 'now' }, points: { size: 5 } },
    hooks: { setCursor: [showLatest] },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
    axes: [
      { ...axis, size: 24, space: 70, values: (_plot, ticks) => ticks.map(clock) },
      { ...axis, size: 56, space: 30, values: (_plot, ticks) => ticks.map(format) },
    ],
    series: [
      {
        label: 'time',
        value: (_plot, time) => clock(time),
      },
      ...lines.map(({ label, colour: index }) => ({
        label,
        stroke: colour(`series-${index}`),
        width: 1.5,
        points: { show: false },
        value: (_plot: uPlot, value: number | null) => format(value),
      })),
    ],
  };
}
