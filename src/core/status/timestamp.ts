// Times as status shows them: RFC 3339 in UTC with whole seconds, the precision of metav1.Time.

/** `nowMs`: milliseconds since 1970. */
export function timestamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}
