/** Shows progress on standard error: a bar on a terminal, otherwise a line for each tenth or each 100,000. */

const BAR_WIDTH = 30;
const UNKNOWN_STEP = 100_000;

/** Where it is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  readonly #stream: ProgressStream;
  readonly #total: number | undefined;
  readonly #noun: string;
  #done = 0;
  #shown = 0;

  /** @param total undefined where nobody knows. */
  constructor(stream: ProgressStream, noun: string, total?: number) {
    this.#stream = stream;
    this.#noun = noun;
    this.#total = total;
  }

  update(done: number): void {
    this.#done = done;
    if (this.#stream.isTTY) this.#stream.write(`\r${this.#text()}`);
    else if (this.#isStep()) {
      this.#shown = done;
      this.#stream.write(`${this.#text()}\n`);
    }
  }

  /** Prints a line above the bar. */
  above(print: () => void): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
    print();
    if (this.#stream.isTTY) this.update(this.#done);
  }

  /** Ends the line of the bar. */
  end(): void {
    if (this.#stream.isTTY && this.#done > 0) this.#stream.write('\n');
  }

  #isStep(): boolean {
    const step = this.#total === undefined ? UNKNOWN_STEP : this.#total / 10;
    return this.#done === this.#total || this.#done - this.#shown >= step;
  }

  #text(): string {
    const done = `${this.#done.toLocaleString('en')}`;
    if (this.#total === undefined) return `${done} ${this.#noun}`;
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    const bar = '#'.repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const percent = String(Math.floor(share * 100)).padStart(3);
    return `[${bar}] ${percent} %  ${done} of ${this.#total.toLocaleString('en')} ${this.#noun}`;
  }
}
