// Tells the demo's story: numbered steps, the commands a person would type, and what they print.

export interface Narrator {
  /** Begins a step; what fails until the next one failed in it. */
  step(title: string): void;
  /** A command, as typed. */
  command(line: string): void;
  output(text: string): void;
  note(text: string): void;
  /** The step under way, for the message of a failure. */
  readonly current: string;
}

export function createNarrator(write: (text: string) => void): Narrator {
  let count = 0;
  let current = "start";
  return {
    step(title) {
      count += 1;
      current = `${count}. ${title}`;
      write(`\n== ${current}\n`);
    },
    command: (line) => write(`$ ${line}\n`),
    output: (text) => write(`${text.trimEnd()}\n`),
    note: (text) => write(`# ${text}\n`),
    get current() {
      return current;
    },
  };
}
