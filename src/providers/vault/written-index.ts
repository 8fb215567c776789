// Reading after writing where standbys serve reads (Vault Enterprise): a login writes a token, and a standby that has not
// heard of it would deny it. With the index of our last write it answers 412 instead, which is a wait and no denial.
// Vault docs, "Vault Enterprise eventual consistency", X-Vault-Index. Other Vaults send no index and ignore ours.

import type { Transport } from "../http/transport.ts";

const HEADER = "x-vault-index";
/** An index is base64; whatever else came is not sent back. */
const FORM = /^[A-Za-z0-9+/=]{1,1024}$/;

export interface WrittenIndex {
  /** A transport whose answers have seen our last write, by any transport of this index. */
  through(transport: Transport): Transport;
}

export function createWrittenIndex(): WrittenIndex {
  let last: string | undefined;
  return {
    through: (transport) => ({
      ...transport,
      async send(request) {
        const headers = last === undefined ? request.headers : { ...request.headers, [HEADER]: last };
        const reply = await transport.send({ ...request, headers });
        const index = reply.ok ? reply.value.headers[HEADER] : undefined;
        if (request.method !== "GET" && index !== undefined && FORM.test(index)) last = index;
        return reply;
      },
    }),
  };
}
