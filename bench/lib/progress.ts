/** On a terminal one line that changes; elsewhere, of each step, the first only. */
export class Progress {
  readonly #command: string;
  #step = "";

  constructor(command: string) {
    this.#command = command;
  }

  say(step: string, detail = ""): void {
    const line = `assize ${this.#command}: ${step} ${detail}`.trimEnd();
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
    else if (step !== this.#step) process.stderr.write(`assize ${this.#command}: ${step}\n`);
    this.#step = step;
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }
}
