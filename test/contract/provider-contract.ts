// What every provider must do, whatever store lies behind it: one suite, run per provider against a stub, and where
// there is one against the real store. A provider that passes can be used by refresh/ without knowing its name.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ProviderErrorKind } from "../../src/core/provider/error.ts";
import { isConfirmableAbsence } from "../../src/core/provider/error.ts";
import { type NamePattern, type RemoteRef, remoteRefId, type SecretProvider } from "../../src/core/provider/port.ts";

/** A store under test, with a provider logged in to it by ordinary credentials. One per test. */
export interface ContractRig {
  readonly provider: SecretProvider;
  /** Writes a new current version that holds these properties. */
  put(key: string, properties: Readonly<Record<string, string>>): Promise<void>;
  softDelete(key: string): Promise<void>;
  destroy(key: string): Promise<void>;
  /** The login goes on to work, this key is denied. */
  deny(key: string): Promise<void>;
  /** Ends all tokens and refuses logins, until `acceptLogins`. */
  refuseLogins(): Promise<void>;
  acceptLogins(): Promise<void>;
  /** Tokens of the provider that are valid now. */
  liveTokens(): Promise<number>;
  close(): Promise<void>;
}

/** What not every store has. */
export type ContractFeature = "destroyedVersions" | "revocableTokens" | "folders";

/** Where stores differ in names only. */
export interface ContractTraits {
  /** How the store writes a key of this suite; default: as it is. */
  readonly key?: (path: string) => string;
  /** How the n-th version of a key is pinned, and shown; default: its number. */
  readonly pin?: (n: number) => string;
  readonly display?: (n: number) => string;
  /** Keys with characters that are rare, all of which this store takes. */
  readonly oddKeys?: readonly string[];
  /** Keys that could lead elsewhere, or that this store can have none of. */
  readonly hostileKeys?: readonly string[];
  /** Why the store has no such thing: its cases are left out. */
  readonly notApplicable?: Readonly<Partial<Record<ContractFeature, string>>>;
}

const ODD_KEYS = ["приложение/ключ", "with space/and+plus&more", "it's (odd)!*", "a=b,c;d:e@f$"];
const HOSTILE_KEYS = [
  ...["../sys/health", "app/../../sys/health", "app/./db", "app//db", "/app", "app/"],
  ...["a%2e%2e/b", "a?b", "a#b", "a\nb", "a\\b"],
];

export type ContractFault = "throttled" | "failing" | "silent" | "html" | "cut" | "empty" | "emptyObject" | "redirect";

/** A store that can be made to misbehave for one key. */
export interface FaultyRig extends ContractRig {
  inject(key: string, fault: ContractFault): Promise<void>;
  heal(): Promise<void>;
  /** Resolves when a request for the key is at the store. */
  arrival(key: string): Promise<void>;
  /** Lets the provider's own deadline for one request pass. */
  passDeadline(): Promise<void>;
  /** Requests that followed the redirect. */
  readonly redirected: number;
}

/** Retry-After of the fault `throttled`. */
export const THROTTLED_SECONDS = 7;

const NEVER = new AbortController().signal;

function remoteRef(key: string, version?: string): RemoteRef {
  return { key, version, metadataPolicy: "None" };
}

const asItIs = (key: string): string => key;

/** The rig, for keys as the store writes them. */
function renamed<Rig extends ContractRig>(rig: Rig, named: (key: string) => string): Rig {
  return {
    ...rig,
    put: (key, properties) => rig.put(named(key), properties),
    softDelete: (key) => rig.softDelete(named(key)),
    destroy: (key) => rig.destroy(named(key)),
    deny: (key) => rig.deny(named(key)),
  };
}

function faultyRenamed(rig: FaultyRig, named: (key: string) => string): FaultyRig {
  return {
    ...renamed(rig, named),
    inject: (key, fault) => rig.inject(named(key), fault),
    arrival: (key) => rig.arrival(named(key)),
    get redirected() {
      return rig.redirected;
    },
  };
}

async function readOne(provider: SecretProvider, ref: RemoteRef, signal = NEVER) {
  const answer = (await provider.readSecrets([ref], signal)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer;
}

/** The properties that were read, and their version; or the kind of the failure. */
async function outcomeOf(provider: SecretProvider, ref: RemoteRef, signal = NEVER) {
  const answer = await readOne(provider, ref, signal);
  if (!answer.ok) return answer.error.kind;
  const properties: unknown = JSON.parse(answer.value.payload.revealUtf8());
  return { properties, version: answer.value.version?.display };
}

async function versionOf(provider: SecretProvider, ref: RemoteRef) {
  const answer = (await provider.readVersions([ref], NEVER)).get(remoteRefId(ref));
  if (answer === undefined) throw new Error("no answer for a reference");
  return answer.ok ? answer.value?.identity : answer.error.kind;
}

function pattern(source: RegExp): NamePattern {
  return {
    source: source.source,
    test: (text) => source.test(text),
    replaceAll: (text, target) => text.replaceAll(source, target),
  };
}

export function describeProviderContract(
  name: string,
  createRig: () => Promise<ContractRig>,
  traits: ContractTraits = {},
): void {
  const { key: named = asItIs, pin = String, display = String, notApplicable = {} } = traits;
  const refTo = (key: string, version?: string): RemoteRef => remoteRef(named(key), version);
  describe(`${name} keeps the provider contract`, () => {
    let rig: ContractRig;
    beforeEach(async () => {
      rig = renamed(await createRig(), named);
    });
    afterEach(() => rig.close());

    test("a value is found with the version that carried it", async () => {
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toEqual({
        properties: { password: "p1" },
        version: display(1),
      });
    });

    test("a pinned version is read, also an older one", async () => {
      await rig.put("app/db", { password: "p1" });
      await rig.put("app/db", { password: "p2" });
      expect(await outcomeOf(rig.provider, refTo("app/db", pin(1)))).toEqual({
        properties: { password: "p1" },
        version: display(1),
      });
      expect(await outcomeOf(rig.provider, refTo("app/db", pin(2)))).toEqual({
        properties: { password: "p2" },
        version: display(2),
      });
    });

    test("a version that never was is told apart from a key that is not there", async () => {
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db", pin(9)))).toBe("versionNotFound");
      expect(await outcomeOf(rig.provider, refTo("app/none", pin(9)))).toBe("notFound");
      expect(await versionOf(rig.provider, refTo("app/db", pin(9)))).toBe("versionNotFound");
    });

    test("a missing key is notFound, for values and for versions", async () => {
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/none"))).toBe("notFound");
      expect(await versionOf(rig.provider, refTo("app/none"))).toBe("notFound");
    });

    test("a soft-deleted key is deleted, not missing", async () => {
      await rig.put("app/db", { password: "p1" });
      await rig.softDelete("app/db");
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("deleted");
      expect(await versionOf(rig.provider, refTo("app/db"))).toBe("deleted");
    });

    test.skipIf(notApplicable.destroyedVersions)("a destroyed version is destroyed", async () => {
      await rig.put("app/db", { password: "p1" });
      await rig.destroy("app/db");
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("destroyed");
      expect(await versionOf(rig.provider, refTo("app/db"))).toBe("destroyed");
    });

    test("a denied key fails alone", async () => {
      await rig.put("app/db", { password: "p1" });
      await rig.put("app/locked", { password: "p2" });
      await rig.deny("app/locked");
      const refs = [refTo("app/db"), refTo("app/locked")];
      const answers = await rig.provider.readSecrets(refs, NEVER);
      expect(refs.map((ref) => answers.get(remoteRefId(ref))?.ok)).toEqual([true, false]);
      expect(await outcomeOf(rig.provider, refTo("app/locked"))).toBe("accessDenied");
      expect(await versionOf(rig.provider, refTo("app/locked"))).toBe("accessDenied");
    });

    test("refused logins are unauthenticated, and reading goes on once they are accepted again", async () => {
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
      await rig.refuseLogins();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("unauthenticated");
      expect((await rig.provider.validate(NEVER)).ok).toBe(false);
      await rig.acceptLogins();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
      expect((await rig.provider.validate(NEVER)).ok).toBe(true);
    });

    test("a rotation changes the identity of the version, and nothing else does", async () => {
      await rig.put("app/db", { password: "p1" });
      const before = await versionOf(rig.provider, refTo("app/db"));
      const read = await readOne(rig.provider, refTo("app/db"));
      expect(read.ok && read.value.version?.identity).toBe(before);
      expect(await versionOf(rig.provider, refTo("app/db"))).toBe(before);
      await rig.put("app/db", { password: "p2" });
      expect(await versionOf(rig.provider, refTo("app/db"))).not.toBe(before);
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toEqual({
        properties: { password: "p2" },
        version: display(2),
      });
    });

    test.each([
      { what: "an empty value", properties: { value: "" } },
      { what: "base64 of binary data", properties: { value: Buffer.from([0, 255, 128, 10, 13]).toString("base64") } },
      { what: "text with escapes and controls", properties: { value: 'a"b\\c\n\t\u0001\u2028é😀' } },
      { what: "64 KiB", properties: { value: "x".repeat(64 * 1024) } },
      { what: "names beyond ASCII", properties: { ключ: "v", "日本 語": "w" } },
    ])("$what arrives unchanged", async ({ properties }) => {
      await rig.put("app/odd", properties);
      expect(await outcomeOf(rig.provider, refTo("app/odd"))).toEqual({ properties, version: display(1) });
    });

    test.each(traits.oddKeys ?? ODD_KEYS)("the key %s is read where it is", async (key) => {
      await rig.put(key, { value: key });
      expect(await outcomeOf(rig.provider, refTo(key))).toMatchObject({ properties: { value: key } });
    });

    test.each(traits.hostileKeys ?? HOSTILE_KEYS)("the key %j is refused as a reference", async (key) => {
      expect(await outcomeOf(rig.provider, refTo(key))).toBe("invalidReference");
      expect(await versionOf(rig.provider, refTo(key))).toBe("invalidReference");
    });

    test("find lists 500 keys completely, sorted, and by name", async () => {
      const paths = Array.from({ length: 500 }, (_, index) => `many/${index % 7}/key-${index}`);
      for (const path of paths) await rig.put(path, { value: "v" });
      const keys = paths.map(named).sort();
      const path = notApplicable.folders === undefined ? "many" : undefined;
      const all = await rig.provider.find({ path, name: undefined, tags: {} }, NEVER);
      expect(all).toEqual({ ok: true, value: keys });
      const some = await rig.provider.find(
        { path: undefined, name: pattern(/^many[/-]3[/-].*-1\d\d$/), tags: {} },
        NEVER,
      );
      expect(some).toEqual({ ok: true, value: keys.filter((key) => /^many[/-]3[/-].*-1\d\d$/.test(key)) });
    });

    test.skipIf(notApplicable.folders)("find below a path where nothing is finds nothing", async () => {
      await rig.put("app/db", { password: "p1" });
      expect(await rig.provider.find({ path: "nowhere", name: undefined, tags: {} }, NEVER)).toEqual({
        ok: true,
        value: [],
      });
    });

    test("an aborted call answers unavailable for each reference", async () => {
      await rig.put("app/db", { password: "p1" });
      expect(await outcomeOf(rig.provider, refTo("app/db"), AbortSignal.abort())).toBe("unavailable");
    });

    test("after close calls answer unavailable", async () => {
      await rig.put("app/db", { password: "p1" });
      await outcomeOf(rig.provider, refTo("app/db"));
      await rig.provider.close();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toBe("unavailable");
    });

    test.skipIf(notApplicable.revocableTokens)("close revokes the token", async () => {
      await rig.put("app/db", { password: "p1" });
      await outcomeOf(rig.provider, refTo("app/db"));
      expect(await rig.liveTokens()).toBe(1);
      await rig.provider.close();
      expect(await rig.liveTokens()).toBe(0);
    });
  });
}

const faults: readonly { readonly fault: ContractFault; readonly kind: ProviderErrorKind }[] = [
  { fault: "failing", kind: "unavailable" },
  { fault: "html", kind: "unavailable" },
  { fault: "cut", kind: "unavailable" },
  { fault: "empty", kind: "unavailable" },
  { fault: "emptyObject", kind: "unavailable" },
  { fault: "redirect", kind: "unavailable" },
  { fault: "throttled", kind: "throttled" },
];

/** For stores that can be made to misbehave. */
export function describeProviderFaults(
  name: string,
  createRig: () => Promise<FaultyRig>,
  { key: named = asItIs, display = String }: Pick<ContractTraits, "key" | "display"> = {},
): void {
  const refTo = (key: string): RemoteRef => remoteRef(named(key));
  describe(`${name} under faults`, () => {
    let rig: FaultyRig;
    beforeEach(async () => {
      rig = faultyRenamed(await createRig(), named);
      await rig.put("app/db", { password: "p1" });
      await rig.put("app/other", { password: "p2" });
    });
    afterEach(() => rig.close());

    test.each(faults)("$fault: the key is $kind and no absence, its neighbour is read", async ({ fault, kind }) => {
      await rig.inject("app/db", fault);
      const refs = [refTo("app/db"), refTo("app/other")];
      const answers = await rig.provider.readSecrets(refs, NEVER);
      const [broken, well] = refs.map((ref) => answers.get(remoteRefId(ref)));
      expect(broken).toMatchObject({ ok: false, error: { kind } });
      expect(isConfirmableAbsence(kind)).toBe(false);
      expect(well?.ok).toBe(true);
      await rig.heal();
      expect(await outcomeOf(rig.provider, refTo("app/db"))).toMatchObject({ version: display(1) });
    });

    test("throttling carries how long to wait", async () => {
      await rig.inject("app/db", "throttled");
      const answer = await readOne(rig.provider, refTo("app/db"));
      expect(answer).toMatchObject({ ok: false, error: { retryAfterMs: THROTTLED_SECONDS * 1000 } });
    });

    test("a redirect is not followed", async () => {
      await rig.inject("app/db", "redirect");
      await outcomeOf(rig.provider, refTo("app/db"));
      expect(rig.redirected).toBe(0);
    });

    test("an answer slower than the deadline is unavailable", async () => {
      await outcomeOf(rig.provider, refTo("app/db"));
      await rig.inject("app/db", "silent");
      const arrival = rig.arrival("app/db");
      const outcome = outcomeOf(rig.provider, refTo("app/db"));
      await arrival;
      await rig.passDeadline();
      expect(await outcome).toBe("unavailable");
    });

    test("a call aborted while the store is silent answers unavailable at once", async () => {
      await outcomeOf(rig.provider, refTo("app/db"));
      await rig.inject("app/db", "silent");
      const caller = new AbortController();
      const arrival = rig.arrival("app/db");
      const outcome = outcomeOf(rig.provider, refTo("app/db"), caller.signal);
      await arrival;
      caller.abort();
      expect(await outcome).toBe("unavailable");
    });
  });
}
