// One answer of Vault, as bytes and a tree of spans over them, and the few ways to read it. Values leave it as
// SecretValue only; text is read from envelopes alone.

import type { ProviderError } from "../../core/provider/error.ts";
import type { Result } from "../../core/result.ts";
import { SecretValue } from "../../core/secret-value.ts";
import {
  booleanValue,
  type JsonNode,
  type JsonSyntaxError,
  member,
  numberValue,
  parseJsonDocument,
  rawBytes,
  stringBytes,
  textValue,
} from "../../core/value/json-document.ts";
import type { HttpReply } from "../http/http-message.ts";

export type Exchange = Result<VaultReply, ProviderError>;

export class VaultReply {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  readonly serverTimeMs: number | undefined;
  /** Why the body is no JSON; undefined if it is. */
  readonly syntaxError: JsonSyntaxError | undefined;
  readonly root: JsonNode | undefined;
  readonly #body: Buffer;

  constructor(http: HttpReply) {
    this.status = http.status;
    this.retryAfterMs = http.retryAfterMs;
    this.serverTimeMs = http.serverTimeMs;
    this.#body = http.body;
    const document = parseJsonDocument(http.body);
    this.root = document.ok ? document.value : undefined;
    this.syntaxError = document.ok ? undefined : document.error;
  }

  /** The node at a path of member names from the root. */
  at(...names: readonly string[]): JsonNode | undefined {
    return names.reduce<JsonNode | undefined>(member, this.root);
  }

  text(node: JsonNode | undefined): string | undefined {
    return textValue(this.#body, node);
  }

  number(node: JsonNode | undefined): number | undefined {
    return numberValue(this.#body, node);
  }

  flag(node: JsonNode | undefined): boolean | undefined {
    return booleanValue(node);
  }

  /** A node's JSON text as written; of envelopes only. */
  raw(node: JsonNode): Uint8Array {
    return rawBytes(this.#body, node);
  }

  secretText(node: JsonNode | undefined): SecretValue | undefined {
    const bytes = stringBytes(this.#body, node);
    return bytes === undefined ? undefined : SecretValue.ofBytes(bytes);
  }

  /** A subtree as it was written. */
  secretDocument(node: JsonNode): SecretValue {
    return SecretValue.ofBytes(rawBytes(this.#body, node));
  }

  /** Overwrites the body. Nothing may be read from the reply afterwards. */
  wipe(): void {
    this.#body.fill(0);
  }
}
