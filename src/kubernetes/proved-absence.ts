// When a 404 means that an object is not there.

import type { ApiError } from "./api-error.ts";

/** Only in the API server's own words: a proxy before it answers 404 for anything. */
export function isProvedAbsent({ kind, reason }: ApiError): boolean {
  return kind === "notFound" && reason === "NotFound";
}
