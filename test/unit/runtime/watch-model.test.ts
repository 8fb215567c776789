import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApiError } from "../../../src/kubernetes/api-error.ts";
import { informerOf, type InformerParts } from "../../support/informer-rig.ts";
import { ModelApiServer, type ModelState } from "../../support/model-api-server.ts";
import { httpError, networkError, settle } from "../../support/scripted-client.ts";

/** One thing that happens to the server, the network or the clock. */
interface Action {
  readonly name: string;
  readonly act: (server: ModelApiServer, parts: InformerParts) => void;
}

const modes = ["served", "ignored", "refused"] as const;
const names = ["a", "b", "c", "d", "e"];
const errors: readonly ApiError[] = [
  networkError,
  httpError(410),
  httpError(429, 30_000),
  httpError(500),
  httpError(403),
  httpError(422),
];
const nonsense = ["{", "[]", '{"type":"ADDED","object":{}}', '{"type":"ERROR","object":{"kind":"Status","code":410}}'];
const harmless = ['{"type":"NEW","object":{}}', '{"type":"BOOKMARK","object":{"metadata":{}}}'];

type Act = Action["act"];
const say = (name: string, act: Act): Action => ({ name, act });
type Weighted = readonly [weight: number, arbitrary: fc.Arbitrary<Action>];
/** A server that works, over a network that repeats what it carried. */
const work: readonly Weighted[] = [
  [8, fc.constantFrom(...names).map((name) => say(`write ${name}`, (server) => server.write(name, false)))],
  [4, fc.constantFrom(...names).map((name) => say(`delete ${name}`, (server) => server.write(name, true)))],
  [9, fc.integer({ min: 1, max: 9 }).map((lines) => say(`deliver ${lines}`, (server) => server.deliver(lines)))],
  [4, fc.constant(say("answer", (server) => server.answer()))],
  [2, fc.constant(say("bookmark", (server) => server.bookmark()))],
  [2, fc.nat(20).map((from) => say(`replay from ${from}`, (server) => server.replay(from)))],
];
/** All else that time, network and server can do. */
const faults: readonly Weighted[] = [
  [3, fc.constant(say("timer", (_, { clock }) => clock.advance(clock.pendingMs()[0] ?? 0)))],
  [2, fc.nat(200_000).map((ms) => say(`wait ${ms} ms`, (_, { clock }) => clock.advance(ms)))],
  [1, fc.constant(say("end", (server) => server.end(undefined)))],
  [2, fc.constantFrom(...errors).map((error) => say(`end with ${error.kind}`, (server) => server.end(error)))],
  [1, fc.constantFrom(...errors).map((error) => say(`fail with ${error.kind}`, (server) => server.answer(error)))],
  [1, fc.constantFrom(...nonsense, ...harmless).map((line) => say(`say ${line}`, (server) => server.say(line)))],
  [1, fc.constant(say("compact", (server) => server.compact()))],
  [1, fc.integer({ min: 10, max: 40 }).map((to) => say(`restore ${to}`, (server) => server.restore(to)))],
  [1, fc.constantFrom(...modes).map((mode) => say(`lists ${mode}`, (server) => void (server.streamedLists = mode)))],
  [1, fc.boolean().map((down) => say(down ? "down" : "up", (server) => void (server.down = down)))],
];
const scheduleOf = (weighted: readonly Weighted[]) =>
  fc.array(fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
    maxLength: 120,
    size: "max",
  });

function informerOfModel() {
  const server = new ModelApiServer();
  const untrue: (readonly [string, readonly string[], readonly string[]])[] = [];
  const parts = informerOf({
    client: server.client,
    onProgress(resourceVersion) {
      const [held, real] = [parts.names(), shown(server.stateAt(Number(resourceVersion)))];
      if (held.join() !== real.join()) untrue.push([resourceVersion, held, real]);
      server.restoreSeen();
    },
  });
  return { server, parts, untrue };
}

function shown(state: ModelState | undefined): string[] {
  return [...(state ?? [["no such version", 0] as const])].map(([name, version]) => `${name}@${version}`).sort();
}

/** The faults are over: what waits is sent and answered, and time passes, until the cache shows what is true. */
async function heal(server: ModelApiServer, { clock, informer, names: held }: InformerParts): Promise<number> {
  server.down = false;
  for (let round = 0; round < 40; round += 1) {
    server.answer();
    server.bookmark();
    server.deliver(Infinity);
    await settle();
    if (server.calls === 0 && informer.hasSynced && held().join() === shown(server.state).join()) return round;
    if (server.calls === 0) clock.advance(clock.pendingMs()[0] ?? 0);
    await settle();
  }
  return Infinity;
}

/** Plays the schedules; returns what the informers counted. */
async function play(schedule: fc.Arbitrary<readonly Action[]>, numRuns: number): Promise<ReadonlySet<string>> {
  const counted = new Set<string>();
  const run = async (steps: readonly Action[]): Promise<void> => {
    const { server, parts, untrue } = informerOfModel();
    parts.informer.start();
    for (const { act } of steps) {
      act(server, parts);
      await settle();
      expect(parts.clock.pendingMs()).toHaveLength(1);
      expect(server.streams).toBeLessThan(parts.counts.at(-1) === "retry" ? 1 : 2);
      expect(server.calls).toBeLessThan(2);
    }
    expect(await heal(server, parts)).toBeLessThan(Infinity);
    expect(untrue).toEqual([]);
    for (const what of parts.counts) counted.add(what);
  };
  await fc.assert(fc.asyncProperty(schedule, run), { numRuns });
  return counted;
}

describe("an informer shows at each version exactly what was true then, one timer armed, one request at most", () => {
  test("while the network repeats old lines, also before the first list is complete", { timeout: 60_000 }, async () => {
    expect(await play(scheduleOf(work), 150)).toEqual(new Set(["list", "stream", "stale"]));
  });

  test(
    "while server, network and clock fail in every way, and heals when they are well",
    { timeout: 60_000 },
    async () => {
      const counted = await play(scheduleOf([...work, ...faults]), 300);
      expect(counted).toEqual(new Set(["list", "stream", "retry", "fellBack", "serverWentBack", "stale", "unknown"]));
    },
  );
});
