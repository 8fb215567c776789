// Rows 22 to 26: watches that go silent, end early, or are told that they are too late.

import { setTimeout as pause } from "node:timers/promises";
import type { FaultWorld, Replica } from "../fault-world.ts";
import { gone410AsStatus } from "../proxy/faults.ts";
import { closeEarly, gone410AsEvent, mutedWatch } from "../proxy/watch-faults.ts";
import type { Scenario } from "../scenario.ts";
import {
  isWorkloadWatch,
  isWatch,
  last,
  lastOrder,
  listsSince,
  measured,
  must,
  requestsSince,
  settledWorld,
  watchRestarts,
} from "./steps.ts";

/** What we promise for a peer that went silent while TCP still acknowledges. */
const FOUND_WITHIN_MS = 10_000;
const QUARTER_HOUR_MS = 15 * 60_000;

/** The connections die in a way that the operator has to find out by itself; it resumes, and lists nothing again. */
async function deadConnections(world: FaultWorld, kill: (operator: Replica) => Promise<void>): Promise<void> {
  const { load, operator } = await settledWorld(world);
  const from = lastOrder(world);
  await kill(operator);
  await load.rotate();
  await load.settled();
  const lists = listsSince(world, from);
  must(lists.length === 0, `${lists.length} lists after a connection was lost: each watch must resume where it was`);
  const resumed = requestsSince(world, from).filter((request) => isWatch(request));
  must(resumed.length > 0, "no watch was opened again");
}

const halfOpen: Scenario = {
  row: 22,
  title: "The connection is half-open: no byte passes, TCP acknowledges",
  fast: true,
  async run(world) {
    const { kube } = world;
    await deadConnections(world, async (operator) => {
      const before = await watchRestarts(operator);
      kube.setLink("silent");
      const isFound = async (): Promise<boolean> => (await watchRestarts(operator)) > before;
      const foundMs = await measured("the watches begin again", isFound, FOUND_WITHIN_MS + 5_000);
      must(foundMs <= FOUND_WITHIN_MS, `the silent peer was found after ${Math.round(foundMs)} ms`);
      world.note(`half-open connection found after ${Math.round(foundMs)} ms`);
      kube.setLink("open");
    });
    return { fired: 0 };
  },
};

const cutConnections: Scenario = {
  row: 23,
  title: "All connections are reset, and refused for a second",
  async run(world) {
    await deadConnections(world, async () => {
      world.kube.setLink("down");
      await pause(1_000);
      world.kube.setLink("open");
    });
    return { fired: 0 };
  },
};

const silentButAlive: Scenario = {
  row: 24,
  title: "No event and no bookmark for a quarter of an hour, on a healthy connection",
  async run(world) {
    const { operator } = await settledWorld(world, { refreshInterval: "1h" });
    const rule = world.kube.add({ name: "muted", when: isWatch, fault: mutedWatch() });
    const from = lastOrder(world);
    await last(world, QUARTER_HOUR_MS);
    const opened = requestsSince(world, from).filter(
      ({ verb, query }) => verb === "watch" && query.has("timeoutSeconds"),
    );
    // Streams end by themselves after 5 to 10 minutes: in the full length each is opened at most three times.
    const allowed = world.timeScale < 1 ? 0 : 3 * new Set(opened.map(({ resource }) => resource)).size;
    must(opened.length <= allowed, `${opened.length} watches were opened again without need`);
    const ready = await fetch(`${operator.origin}/readyz`);
    must(ready.status === 200, `readiness failed: ${await ready.text()}`);
    rule.remove();
    return { fired: 1 };
  },
};

const closesAtOnce: Scenario = {
  row: 25,
  title: "Every watch is closed as soon as it opens, for minutes",
  async run(world) {
    const { load } = await settledWorld(world);
    const rule = world.kube.add({ name: "closed at once", when: isWorkloadWatch, fault: closeEarly() });
    world.kube.setLink("down");
    world.kube.setLink("open");
    const from = lastOrder(world);
    const seconds = 10;
    await pause(seconds * 1000);
    const opened = requestsSince(world, from).filter((request) => isWorkloadWatch(request) && request.name === "");
    for (const resource of new Set(opened.map((request) => request.resource))) {
      const count = opened.filter((request) => request.resource === resource).length;
      must(count <= seconds + 1, `${count} watches of ${resource} in ${seconds} s`);
    }
    rule.remove();
    await load.rotate();
    await load.settled(45_000); // The backoff may have reached its cap.
    return { fired: 0 };
  },
};

/** One relist for each watch that is told, and nothing deleted. */
function expired(title: string, fault: typeof gone410AsStatus, fast: boolean): Scenario {
  return {
    row: 26,
    title,
    ...(fast ? { fast: true } : {}),
    async run(world) {
      const { load } = await settledWorld(world);
      const rule = world.kube.add({
        name: "410",
        when: (request) => isWorkloadWatch(request) && request.name === "" && !request.query.has("sendInitialEvents"),
        times: 2,
        fault: fault(),
      });
      const from = lastOrder(world);
      world.kube.setLink("down");
      world.kube.setLink("open");
      await rule.firedTimes(2);
      await measured("both lists", () => Promise.resolve(listsSince(world, from).length >= 2), 20_000);
      await load.rotate();
      await load.settled();
      const lists = listsSince(world, from);
      must(lists.length === 2, `${lists.length} lists after two answers 410`);
      return { fired: 0 };
    },
  };
}

export const watchScenarios: readonly Scenario[] = [
  halfOpen,
  cutConnections,
  silentButAlive,
  closesAtOnce,
  expired("410 Gone as the status of a watch", gone410AsStatus, true),
  expired("410 Gone as an ERROR event in a stream of 200", gone410AsEvent, false),
];
