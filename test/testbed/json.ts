// Narrowing of JSON that came from outside: nothing is assumed about a value until one of these has spoken.
// Paths are given as separate steps, so that keys which hold dots need no escape.

/** A JSON object whose fields are not yet known. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export type JsonPath = readonly (string | number)[];

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function parseJson(text: string): unknown {
  return JSON.parse(text);
}

/** The value at the end of the path, or undefined where any step is missing. */
export function valueAt(value: unknown, ...path: JsonPath): unknown {
  let current = value;
  for (const step of path) {
    current = stepInto(current, step);
  }
  return current;
}

/** The text at the end of the path, or undefined where there is none. */
export function optionalTextAt(value: unknown, ...path: JsonPath): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The text at the end of the path. Throws where there is none. */
export function textAt(value: unknown, ...path: JsonPath): string {
  const found = optionalTextAt(value, ...path);
  if (found === undefined) {
    throw new Error(`JSON holds no text at ${path.join("/")}`);
  }
  return found;
}

/** The list at the end of the path, or an empty one. */
export function listAt(value: unknown, ...path: JsonPath): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

function stepInto(value: unknown, step: string | number): unknown {
  if (typeof step === "number") {
    return Array.isArray(value) ? value[step] : undefined;
  }
  return isRecord(value) ? value[step] : undefined;
}
