/** Numbers, times and durations as the console shows them. */

/** Whole numbers with all their digits, in groups; others with three significant digits. */
export function number(value: number | bigint | undefined | null): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'bigint') return grouped(String(value));
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return grouped(String(Math.round(value)));
  return String(Number(value.toPrecision(3)));
}

/** How many there are. The plural of the noun ends with s. */
export function counted(count: bigint | undefined, noun: string): string {
  return `${number(count)} ${noun}${count === 1n ? '' : 's'}`;
}

/** Narrow spaces between groups of three digits. Ids are shown without them, so that they can be copied. */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A number that is added to another one. */
export function change(value: bigint): string {
  return value > 0n ? `+${number(value)}` : number(value).replace('-', '−');
}

/** @param valueS in seconds. */
export function duration(valueS: number | undefined | null): string {
  if (valueS === undefined || valueS === null) return '–';
  if (valueS < 1) return `${number(valueS * 1_000)} ms`;
  if (valueS < 120) return `${number(valueS)} s`;
  return countdown(valueS * 1_000);
}

/** A time that is left, in its two largest units. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** An instant in RFC 3339 by the clock of the viewer, in seconds, without the date of today. */
export function moment(text: string, nowMs = Date.now()): string {
  const [day, time] = instant(text).split(' ');
  return day === instant(new Date(nowMs).toISOString()).split(' ')[0] ? String(time) : `${day} ${time}`;
}

/** The date and time of an instant in RFC 3339, on the clock of the viewer, in seconds. */
export function instant(text: string): string {
  const time = new Date(text);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
