// Path and headers of a request.

import type { Credentials } from "./connection.ts";
import type { Query } from "./rest-client.ts";

export function pathWithQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

export function requestHeaders(
  credentials: Credentials,
  userAgent: string,
  accept = "application/json",
): Record<string, string> {
  const token = credentials.bearerToken;
  return {
    accept,
    "user-agent": userAgent,
    ...(token === undefined ? {} : { authorization: `Bearer ${token.revealUtf8()}` }),
  };
}
