// Order of resourceVersions: decimal numbers of any length (kubernetes/enhancements KEP-5504).

/** Negative, 0 or positive as `a` is older than, equal to or newer than `b`. A text that is no number counts as newer. */
export function compareResourceVersions(a: string, b: string): number {
  if (a === b) return 0;
  if (!isNumber(a) || !isNumber(b)) return 1;
  return a.length === b.length ? (a < b ? -1 : 1) : a.length - b.length;
}

function isNumber(text: string): boolean {
  return /^(0|[1-9]\d*)$/.test(text);
}
