// What users read when values cannot become keys of the Secret: store, key, property, and what to do; never a value.

import { describeStore, MAX_MESSAGE_LENGTH, printable } from "../provider/describe.ts";
import type { Source, StoreRef } from "../spec/external-secret.ts";
import type { Reason } from "../status/reasons.ts";
import { entryId } from "../sync/entries.ts";
import type { SyncFailure } from "../sync/report.ts";
import type { DecodeFailure } from "./decode-value.ts";
import { MAX_JSON_DEPTH } from "./json-scanner.ts";
import type { KeyFailure } from "./secret-keys.ts";
import type { PayloadProblem, PropertyFailure } from "./select-property.ts";

/** Such as `app/db in store vault`. */
export function describeEntry(source: Source): string {
  return place(source.store, entryId(source).key);
}

/** A property of one remote secret; undefined: the whole of it. */
export interface PropertyRequest {
  readonly store: StoreRef;
  readonly key: string;
  readonly property: string | undefined;
}

/** `showsNames`: whether it may name properties that exist. */
export function propertyFailure(request: PropertyRequest, failure: PropertyFailure, showsNames: boolean): SyncFailure {
  const { store, key, property } = request;
  switch (failure.kind) {
    case "notFound": {
      const names = showsNames ? failure.existing.join(", ") : "";
      const advice = names === "" ? "correct it, or add it there" : `it has: ${names}`;
      const miss = `property ${quoted(property)} of ${printable(key)} was not found in ${describeStore(store)}`;
      return syncFailure("PropertyNotFound", `${miss}; ${advice}`);
    }
    case "unsupportedPath": {
      const advice = "name one place, such as users.0.name, or escape the character by a backslash";
      const what = `property ${quoted(property)} of ${place(store, key)} is a query, wildcard, pipe or modifier`;
      return syncFailure("InvalidReference", `${what}, which is not supported; ${advice}`);
    }
    case "malformed": {
      const repair = "store a JSON object there, or leave property out to take it whole";
      const advice = property === undefined ? "correct it there" : repair;
      return syncFailure("MalformedPayload", `${place(store, key)} ${problems[failure.problem]}; ${advice}`);
    }
  }
}

export function extractFailure({ store, key, property }: PropertyRequest, problem: PayloadProblem): SyncFailure {
  const part = property === undefined ? "" : `property ${quoted(property)} of `;
  const advice = "extract needs a JSON object: store one there, or read it by data";
  return syncFailure("MalformedPayload", `${part}${place(store, key)} ${problems[problem]}; ${advice}`);
}

const problems: Readonly<Record<PayloadProblem, string>> = {
  notUtf8: "is not UTF-8 text",
  notJson: "is not JSON",
  tooDeep: `is JSON nested deeper than ${MAX_JSON_DEPTH} levels`,
  notObject: "is not a JSON object",
};

export function keyFailure(source: Source, failure: KeyFailure): SyncFailure {
  const where = describeEntry(source);
  const message =
    failure.kind === "collision"
      ? `two values of ${where} have the key ${cleanKey(failure.key)}; give them different keys by rewrite or conversionStrategy Unicode`
      : `${failure.count} of the keys of ${where} cannot be a key of a Secret, such as "${cleanKey(failure.example)}"; rename them there, or by rewrite`;
  return syncFailure("MalformedPayload", message);
}

/** What a key may not have is replaced, and it is cut short: it comes from the data. */
function cleanKey(key: string): string {
  return printable(key.replaceAll(/[^-._a-zA-Z0-9]/gu, "?"), MAX_SHOWN_KEY_LENGTH);
}
const MAX_SHOWN_KEY_LENGTH = 40;

/** `key`: of the Secret. */
export function decodeFailure(source: Source, key: string, failure: DecodeFailure): SyncFailure {
  return syncFailure(
    "MalformedPayload",
    `the value for ${key} from ${describeEntry(source)} ${decodeProblems[failure]}`,
  );
}

const decodeProblems: Readonly<Record<DecodeFailure, string>> = {
  notBase64: "is not padded standard base64; correct it there, or the decodingStrategy",
  notBase64Url: "is not padded URL-safe base64; correct it there, or the decodingStrategy",
  holdsNul: "has a NUL byte, which nullBytePolicy Fail refuses; store text there, or set Ignore",
};

function quoted(property = ""): string {
  return `"${printable(property)}"`;
}

function place(store: StoreRef, key: string): string {
  return `${printable(key)} in ${describeStore(store)}`;
}

function syncFailure(reason: Reason, message: string): SyncFailure {
  return { reason, message: printable(message, MAX_MESSAGE_LENGTH) };
}
