// Pieces of CEL expressions.

/** A CEL string literal. */
export function celText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** True if exactly one of the properties is set. */
export function exactlyOne(names: readonly string[]): string {
  return `[${names.map((name) => `has(self.${name})`).join(", ")}].exists_one(set, set)`;
}
