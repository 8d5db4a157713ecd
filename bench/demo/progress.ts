/** On a terminal one line that changes; elsewhere, of each step, the first only. */
export class Progress {
  #step = "";

  say(step: string, detail = ""): void {
    const line = `assize demo: ${step} ${detail}`.trimEnd();
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
    else if (step !== this.#step) process.stderr.write(`assize demo: ${step}\n`);
    this.#step = step;
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  }
}
