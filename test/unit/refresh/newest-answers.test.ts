import { expect, test } from "vitest";
import {
  type RemoteRef,
  remoteRefId,
  type RemoteVersion,
  type SecretProvider,
} from "../../../src/core/provider/port.ts";
import { ok } from "../../../src/core/result.ts";
import { SecretValue } from "../../../src/core/secret-value.ts";
import { refuseOlderAnswers } from "../../../src/refresh/newest-answers.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeProvider } from "../../support/fake-provider.ts";

const never = new AbortController().signal;
const MINUTE_MS = 60_000;
const ref: RemoteRef = { key: "db", version: undefined, metadataPolicy: "None" };
const at = (display: string, second: string | undefined): RemoteVersion => ({
  identity: `${display}@${second ?? ""}`,
  display,
  createdTime: second === undefined ? undefined : `2026-01-01T00:00:${second}Z`,
});

/** A provider whose next answers the test sets; `read` gives the version that came through, or the kind of error. */
function answering() {
  const clock = new FakeClock();
  let next = at("1", "01");
  const others: RemoteVersion[] = [];
  const asked: string[] = [];
  const inner: SecretProvider = Object.assign(new FakeProvider(), {
    readSecrets: (refs: readonly RemoteRef[]) => {
      asked.push(refs.map(({ key }) => key).join(" "));
      const version = others.shift() ?? next;
      const secret = { form: "document", payload: SecretValue.ofUtf8("{}"), version } as const;
      return Promise.resolve(new Map(refs.map((one) => [remoteRefId(one), ok(secret)])));
    },
    readVersions: (refs: readonly RemoteRef[]) =>
      Promise.resolve(new Map(refs.map((one) => [remoteRefId(one), ok(next)]))),
  });
  const provider = refuseOlderAnswers(inner, clock);
  const read = async (version: RemoteVersion, asked: RemoteRef = ref): Promise<string> => {
    next = version;
    const answer = (await provider.readSecrets([asked], never)).get(remoteRefId(asked));
    if (answer === undefined) return "unanswered";
    return answer.ok ? (answer.value.version?.display ?? "") : answer.error.kind;
  };
  return { clock, provider, read, asked, others, set: (version: RemoteVersion) => (next = version) };
}

test.each([
  { given: "a higher version", then: at("3", "03"), outcome: "3" },
  { given: "the same again", then: at("2", "02"), outcome: "2" },
  { given: "a lower version of an earlier time: a standby", then: at("1", "01"), outcome: "unavailable" },
  { given: "a lower version of the same moment", then: at("1", "02"), outcome: "unavailable" },
  { given: "a lower version of a later time: it began again", then: at("1", "03"), outcome: "1" },
  { given: "a higher version of an earlier time: a clock that is behind", then: at("3", "01"), outcome: "3" },
  { given: "a version without a number", then: at("a-b-c", "01"), outcome: "a-b-c" },
  { given: "a version without a time", then: at("1", undefined), outcome: "1" },
])("after version 2, $given gives $outcome", async ({ then, outcome }) => {
  const { read } = answering();
  await read(at("2", "02"));
  expect(await read(then)).toBe(outcome);
});

test("a pinned version may be any, and says nothing of the current one", async () => {
  const { read } = answering();
  const pinned = { ...ref, version: "9" };
  expect(await read(at("9", "09"), pinned)).toBe("9");
  expect(await read(at("2", "02"))).toBe("2");
  expect(await read(at("1", "01"), { ...ref, version: "1" })).toBe("1");
});

test("keys are judged each for itself", async () => {
  const { read } = answering();
  await read(at("2", "02"));
  expect(await read(at("1", "01"), { ...ref, key: "other" })).toBe("1");
});

test("an older answer is asked for once more, at once and alone: another node may answer", async () => {
  const { provider, read, asked, others } = answering();
  await read(at("2", "02"));
  others.push(at("1", "01"), at("3", "03"));
  const answers = await provider.readSecrets([ref, { ...ref, key: "other" }], never);
  expect(asked).toEqual(["db", "db other", "db"]);
  expect(answers.get(remoteRefId(ref))).toMatchObject({ ok: true, value: { version: { display: "3" } } });
  expect(answers.get(remoteRefId({ ...ref, key: "other" }))).toMatchObject({ value: { version: { display: "1" } } });
});

test("a standby that catches up is believed again", async () => {
  const { read } = answering();
  await read(at("2", "02"));
  expect(await read(at("1", "01"))).toBe("unavailable");
  expect(await read(at("2", "02"))).toBe("2");
  expect(await read(at("3", "03"))).toBe("3");
});

test("after five minutes the store itself has gone back, and what it says counts", async () => {
  const { read, clock } = answering();
  await read(at("2", "02"));
  clock.advance(60 * MINUTE_MS);
  expect(await read(at("1", "01"))).toBe("unavailable");
  clock.advance(5 * MINUTE_MS - 1);
  expect(await read(at("1", "01"))).toBe("unavailable");
  clock.advance(1);
  expect(await read(at("1", "01"))).toBe("1");
  expect(await read(at("1", "01"))).toBe("1");
});

test("a check of versions is judged as a read is", async () => {
  const { read, provider, set } = answering();
  await read(at("2", "02"));
  set(at("1", "01"));
  expect((await provider.readVersions([ref], never)).get(remoteRefId(ref))).toMatchObject({
    ok: false,
    error: { kind: "unavailable", detail: expect.stringContaining("version 1 after version 2") as string },
  });
});
