// Name resolution that refuses: no connection is made by a name that leads where none may go. Asked at each connection,
// so that a name which changes its address after a check gains nothing.

import { type LookupAddress, lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Egress } from "./egress.ts";

/** Code of the error that a refused name gives. */
export const REFUSED_ADDRESS = "ERR_REFUSED_ADDRESS";

type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family: number; readonly hints: number },
  /** Node's types promise addresses, but beside an error there are none. */
  done: (error: Error | null, addresses: LookupAddress[] | undefined) => void,
) => void;

/** One refused address among several refuses the name. */
export function guardedLookup(egress: Pick<Egress, "allowsAddress">, resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, done) => {
    const family = options.family === "IPv6" ? 6 : options.family === "IPv4" ? 4 : (options.family ?? 0);
    resolve(hostname, { all: true, family, hints: options.hints ?? 0 }, (error, addresses = []) => {
      const [first] = addresses;
      if (error !== null || first === undefined) done(error ?? notFound(), []);
      else if (!addresses.every(({ address }) => egress.allowsAddress(address))) done(refusedAddress(), []);
      else if (options.all === true) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

function refusedAddress(): NodeJS.ErrnoException {
  return Object.assign(new Error("the name resolves to a refused address"), { code: REFUSED_ADDRESS });
}

function notFound(): NodeJS.ErrnoException {
  return Object.assign(new Error("the name has no address"), { code: "ENOTFOUND" });
}
