// The table that `make bench` prints: each figure with its budget. A broken budget of memory, CPU or counts fails the
// run; times only warn, because they tell as much of the machine's other work as of ours. What was not measured fails.

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
    const { what, value, unit = "" } = figure;
    const shown = `${value.toFixed(2).padStart(10)} ${unit.padEnd(10)}`;
    console.log(`  ${what.padEnd(58)} ${shown} ${told(figure)}`);
  }
  return figures.filter((figure) => verdict(figure) === "BROKEN");
}

function told(figure: Figure): string {
  if (figure.budget === undefined) return Number.isFinite(figure.value) ? "" : verdict(figure);
  return `${verdict(figure)} (budget ${figure.budget})`;
}

function verdict({ value, budget = Infinity, isTime }: Figure): "ok" | "slow" | "BROKEN" {
  if (!Number.isFinite(value)) return "BROKEN";
  if (value <= budget) return "ok";
  return isTime === true ? "slow" : "BROKEN";
}
