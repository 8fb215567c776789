// The table that `make bench` prints: each figure with its budget. A broken budget of memory, CPU or counts fails the
// run; times only warn, because they tell as much of the machine's other work as of ours.

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit?: string;
  /** The value must not be higher. */
  readonly budget?: number;
  /** A time: it depends on what else the machine does. */
  readonly isTime?: boolean;
}

/** Prints the figures under a title, and returns those that break a budget that counts. */
export function printFigures(title: string, figures: readonly Figure[]): readonly Figure[] {
  console.log(`\n${title}`);
  for (const figure of figures) {
    const { what, value, unit = "", budget } = figure;
    const shown = `${value.toFixed(2).padStart(10)} ${unit.padEnd(10)}`;
    console.log(`  ${what.padEnd(58)} ${shown} ${budget === undefined ? "" : `${verdict(figure)} (budget ${budget})`}`);
  }
  return figures.filter((figure) => isBroken(figure) && figure.isTime !== true);
}

function verdict(figure: Figure): string {
  if (!isBroken(figure)) return "ok";
  return figure.isTime === true ? "slow" : "BROKEN";
}

function isBroken({ value, budget = Infinity }: Figure): boolean {
  // Not a number is broken too.
  return !(value <= budget);
}
