// Looks for a canary (a random part of every value that a test puts into a store) in texts that must not hold it: in
// plain, reversed, hex, percent-encoded, base64 and base64url, whole or any twelve bytes of it.

export interface NamedText {
  /** What it is, for the message. */
  readonly where: string;
  readonly text: string;
}

export interface Leak {
  readonly where: string;
  readonly form: string;
}

/** Shorter pieces of random text turn up by chance; a longer one would let a short leak pass. */
const WINDOW_BYTES = 12;
/** A window with less than so many random characters says nothing. */
const MIN_RANDOM_CHARS = 10;
/** Bytes that a group of base64 digits encodes, and digits of it. */
const GROUP_BYTES = 3;
const GROUP_DIGITS = 4;

/** Names the form in which a text holds the canary; undefined: it does not. */
export type LeakFinder = (text: string) => string | undefined;

/** The canary ends in at least 24 random characters. */
export function createLeakFinder(canary: string): LeakFinder {
  const forms = [...formsOf(canary)];
  return (text) => forms.find(([needle]) => text.includes(needle))?.[1];
}

/** Those texts that hold the canary. */
export function leaksOf(texts: readonly NamedText[], canary: string): readonly Leak[] {
  const find = createLeakFinder(canary);
  return texts.flatMap(({ where, text }) => {
    const form = find(text);
    return form === undefined ? [] : [{ where, form }];
  });
}

function formsOf(canary: string): ReadonlyMap<string, string> {
  const forms = new Map<string, string>();
  const add = (form: string, needle: string): void => void forms.set(needle, form);
  for (const window of windowsOf(canary)) {
    const bytes = Buffer.from(window);
    const hex = bytes.toString("hex");
    add("plain", window);
    add("reversed", Array.from(window).toReversed().join(""));
    add("hex", hex);
    add("hex", hex.toUpperCase());
    const percent = hex.replaceAll(/../g, (pair) => `%${pair}`);
    add("percent-encoded", percent);
    add("percent-encoded", percent.toUpperCase());
    for (const digits of base64Forms(bytes)) {
      add("base64", digits);
      add("base64url", digits.replaceAll("+", "-").replaceAll("/", "_"));
    }
  }
  return forms;
}

function windowsOf(canary: string): readonly string[] {
  const randomFrom = canary.lastIndexOf("-") + 1;
  const first = Math.max(0, randomFrom - (WINDOW_BYTES - MIN_RANDOM_CHARS));
  const count = canary.length - WINDOW_BYTES - first + 1;
  return Array.from({ length: count }, (_, index) => canary.slice(first + index, first + index + WINDOW_BYTES));
}

/** The digits that stand in the base64 of any longer text that holds the bytes, at each of the three alignments. */
function base64Forms(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((shift) => {
    const digits = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // The first and the last group also encode what stands before and after.
    const wholeGroups = Math.floor((bytes.length + shift) / GROUP_BYTES);
    return digits.slice(shift === 0 ? 0 : GROUP_DIGITS, wholeGroups * GROUP_DIGITS);
  });
}
