// Bodies of answers as JSON, where they hold no secret.

/** Undefined: no JSON. */
export function jsonOf(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return value;
  } catch {
    return undefined;
  }
}
