// The credentials in use: read again when they are a minute old or were refused, so that rotated tokens, certificates
// and CAs are taken up without a restart. While they cannot be read, those in use stay in use.

import type { Clock } from "../core/clock.ts";
import { failed, ok, type Result } from "../core/result.ts";
import type { Connection, Credentials } from "./connection.ts";
import { pause } from "./deadline.ts";

/** As client-go does for service account tokens: transport/token_source.go. */
const MAX_AGE_MS = 60_000;
/** A server that refuses everything must not make us read (or run a plugin) for each call. */
const MIN_AGE_MS = 1_000;
/** Files answer at once; a login plugin may ask a server, but must not hold up every call for ever. */
const READ_LIMIT_MS = 15_000;

export interface CurrentCredentials {
  readonly credentials: Credentials;
  /** Rises when the TLS part changed: connections made before are not to be used for anything new. */
  readonly tlsGeneration: number;
}

export interface CredentialCache {
  /** Fails only while nothing was ever read. */
  current(): Promise<Result<CurrentCredentials, "unreadable">>;
  /** The server refused them (401): the next `current` reads anew. */
  refused(): void;
}

export function createCredentialCache(connection: Connection, clock: Clock): CredentialCache {
  let held: { readonly value: CurrentCredentials; readonly atMs: number } | undefined;
  let reading: Promise<Result<CurrentCredentials, "unreadable">> | undefined;
  let wasRefused = false;

  const read = async (): Promise<Result<CurrentCredentials, "unreadable">> => {
    const after = held === undefined ? "start" : wasRefused ? "unauthorized" : "age";
    wasRefused = false;
    const finished = new AbortController();
    const tooLate = pause(clock, READ_LIMIT_MS, finished.signal).then(() => undefined);
    const credentials = await Promise.race([connection.loadCredentials(after).catch(() => undefined), tooLate]);
    finished.abort();
    reading = undefined;
    const value = credentials === undefined ? held?.value : next(held?.value, credentials);
    if (value === undefined) return failed("unreadable");
    held = { value, atMs: clock.monotonicMs() };
    return ok(value);
  };

  return {
    async current() {
      if (held !== undefined && clock.monotonicMs() - held.atMs < (wasRefused ? MIN_AGE_MS : MAX_AGE_MS))
        return ok(held.value);
      reading ??= read();
      return reading;
    },
    refused() {
      wasRefused = true;
    },
  };
}

function next(before: CurrentCredentials | undefined, credentials: Credentials): CurrentCredentials {
  if (before === undefined) return { credentials, tlsGeneration: 1 };
  return { credentials, tlsGeneration: before.tlsGeneration + (sameTls(before.credentials, credentials) ? 0 : 1) };
}

function sameTls(a: Credentials, b: Credentials): boolean {
  if (a.caPem !== b.caPem || a.clientCertificate?.certPem !== b.clientCertificate?.certPem) return false;
  const [keyA, keyB] = [a.clientCertificate?.keyPem, b.clientCertificate?.keyPem];
  return keyA === keyB || (keyA !== undefined && keyB !== undefined && keyA.equals(keyB));
}
