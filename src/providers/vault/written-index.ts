// Reading after writing where standbys serve reads (Vault Enterprise): a login writes a token, and a standby that has not
// heard of it would deny it. With the index of our last write it answers 412 instead, which is a wait and no denial.
// Vault docs, "Vault Enterprise eventual consistency", X-Vault-Index. Other Vaults send no index and ignore ours.

import type { HttpReply, HttpRequest } from "../http/http-message.ts";

const HEADER = "x-vault-index";
/** An index is base64; whatever else came is not sent back. */
const FORM = /^[A-Za-z0-9+/=]{1,1024}$/;

export interface WrittenIndex {
  /** The request, with the index that its answer must have seen. */
  after(request: HttpRequest): HttpRequest;
  /** Remembers the index of a write. */
  note(request: HttpRequest, reply: HttpReply): void;
}

export function createWrittenIndex(): WrittenIndex {
  let last: string | undefined;
  return {
    after: (request) =>
      last === undefined ? request : { ...request, headers: { ...request.headers, [HEADER]: last } },
    note: ({ method }, { headers }) => {
      const index = headers[HEADER];
      if (method !== "GET" && index !== undefined && FORM.test(index)) last = index;
    },
  };
}
