// Rows 27 to 32: lists and streams whose content is broken, doubled, old, unknown, huge or never complete.

import type { FaultWorld } from "../fault-world.ts";
import { kubernetesStatus, gone410AsStatus } from "../proxy/faults.ts";
import type { ActiveRule, Fault, RequestFacts } from "../proxy/rule.ts";
import {
  bookmarksWithoutVersion,
  cutInsideFrame,
  duplicateEvents,
  noInitialEventsEnd,
  replayOlderEvents,
  unknownEvents,
} from "../proxy/watch-faults.ts";
import type { Scenario } from "../scenario.ts";
import { isRecord, listAt, parseJson, valueAt } from "../../testbed/json.ts";
import { isWorkloadWatch, lastOrder, must, requestsSince, settledWorld } from "./steps.ts";

const isStreamingList = (request: RequestFacts): boolean => request.query.get("sendInitialEvents") === "true";
const isCollectionWatch = (request: RequestFacts): boolean => isWorkloadWatch(request) && request.name === "";

/** The server is one that has no streaming lists. */
function withoutStreamingLists(world: FaultWorld): ActiveRule {
  return world.kube.add({
    name: "no streaming lists",
    when: isStreamingList,
    fault: { kind: "answer", answer: kubernetesStatus(422, "Invalid") },
  });
}

const expiredSecondPage: Scenario = {
  row: 27,
  title: "The second page of each list answers 410",
  async run(world) {
    withoutStreamingLists(world);
    const isList = ({ verb, resource }: RequestFacts): boolean => verb === "list" && resource === "externalsecrets";
    world.kube.add({
      name: "cut page",
      when: (request) => isList(request) && request.query.has("limit") && !request.query.has("continue"),
      fault: { kind: "rewrite", answer: ({ status, body }) => ({ status, body: firstPageOf(body) }) },
    });
    const gone = world.kube.add({
      name: "410 on page 2",
      when: (request) => isList(request) && request.query.has("continue"),
      fault: gone410AsStatus(),
    });
    const { load, operator } = await settledWorld(world);
    // Again with a full cache: a partial list would delete.
    await operator.stop("SIGKILL");
    const from = lastOrder(world);
    await world.startOperator();
    await load.rotate();
    await load.settled();
    const whole = requestsSince(world, from).filter(
      (request) => request.verb === "list" && !request.query.has("limit"),
    );
    must(whole.length > 0, "no list without pages was asked for");
    must(gone.fired >= 2, "the second page was asked for too seldom");
    return { fired: 0 };
  },
};

/** One object, and the promise of more. */
function firstPageOf(body: Buffer): object {
  const list = parseJson(body.toString("utf8"));
  const metadata = valueAt(list, "metadata");
  return {
    ...(isRecord(list) ? list : {}),
    metadata: { ...(isRecord(metadata) ? metadata : {}), continue: "cut" },
    items: listAt(list, "items").slice(0, 1),
  };
}

/** A fault of streams while values rotate twice; afterwards all is right, and nothing was written in excess. */
function disturbedStreams({ row, title, fault, strikesOpenStreams }: Disturbance): Scenario {
  return {
    row,
    title,
    async run(world) {
      const { load } = await settledWorld(world);
      const rule = world.kube.add({ name: title, when: isCollectionWatch, fault: fault() });
      if (strikesOpenStreams !== true) {
        // Faults that strike a stream from its beginning need one.
        world.kube.setLink("down");
        world.kube.setLink("open");
      }
      const from = lastOrder(world);
      await load.rotate();
      await load.settled(60_000); // Own writes may stay unseen for 30 s.
      await load.rotate();
      await load.settled(60_000); // Own writes may stay unseen for 30 s.
      const patches = requestsSince(world, from).filter(
        ({ verb, resource }) => verb === "patch" && resource === "secrets",
      );
      must(
        patches.length === 2 * load.names.length,
        `${patches.length} changes of Secrets for ${2 * load.names.length} rotations`,
      );
      must(rule.fired > 0, "no fault fired");
      rule.remove();
      return { fired: 0 };
    },
  };
}

interface Disturbance {
  readonly row: number;
  readonly title: string;
  readonly fault: () => Fault;
  /** It strikes open streams as well. */
  readonly strikesOpenStreams?: true;
}

const PADDING_BYTES = 1_400_000;
/** What the event loop may stand still at most while such an event arrives, seconds. */
const MAX_LAG_SECONDS = 0.1;

const hugeEvent: Scenario = {
  row: 29,
  title: "Events of 1.4 MB, in pieces of 256 bytes",
  partly: "pieces of 1 byte are tried by a unit test of the line splitter",
  async run(world) {
    const { load, operator } = await settledWorld(world);
    const padded = world.kube.add({
      name: "padded events",
      when: (request) => isCollectionWatch(request) && request.resource === "externalsecrets",
      fault: {
        kind: "frames",
        pass: (frame) => (frame.type === "BOOKMARK" ? [frame.raw] : piecesOf(withPadding(frame.raw))),
      },
    });
    await load.rotate();
    await load.settled();
    must(padded.fired > 0, "no event was padded");
    const lag = /^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(await operator.metrics())?.[1];
    must(lag !== undefined && Number(lag) < MAX_LAG_SECONDS, `event loop lag p99 was ${lag ?? "not reported"} s`);
    return { fired: 0 };
  },
};

/** A member that no version of the API knows, at the end of the line. */
function withPadding(raw: Buffer): Buffer {
  const line = raw.toString("utf8").trimEnd();
  return Buffer.from(`${line.slice(0, -1)},"padding":"${"x".repeat(PADDING_BYTES)}"}\n`);
}

function piecesOf(raw: Buffer): readonly Buffer[] {
  const size = 256;
  return Array.from({ length: Math.ceil(raw.length / size) }, (_, index) =>
    raw.subarray(index * size, (index + 1) * size),
  );
}

/** From the start on no streaming list ends as it should: the operator lists in pages, and is not ready before. */
function endless(row: number, title: string, fault: Fault): Scenario {
  return {
    row,
    title,
    async run(world) {
      const rule = world.kube.add({ name: title, when: isStreamingList, fault });
      const operator = await world.launchOperator();
      await rule.firedTimes(1);
      const early = await fetch(`${operator.origin}/readyz`).then(
        (reply) => reply.status,
        () => undefined, // Not listening yet.
      );
      must(early !== 200, "ready with an incomplete cache");
      await operator.waitReady(60_000);
      const load = await world.workload({ team: await world.team(), count: 2 });
      await load.settled(30_000);
      return { fired: 0 };
    },
  };
}

export const frameScenarios: readonly Scenario[] = [
  expiredSecondPage,
  disturbedStreams({
    row: 28,
    title: "Streams are cut inside of a character",
    fault: () => cutInsideFrame(1),
  }),
  hugeEvent,
  disturbedStreams({
    row: 30,
    title: "Each event comes twice",
    fault: () => duplicateEvents(),
    strikesOpenStreams: true,
  }),
  disturbedStreams({
    row: 30,
    title: "Older events come again",
    fault: () => replayOlderEvents(),
    strikesOpenStreams: true,
  }),
  disturbedStreams({
    row: 31,
    title: "Events of an unknown type",
    fault: () => unknownEvents(),
    strikesOpenStreams: true,
  }),
  endless(31, "The bookmark that ends a streaming list has no version", bookmarksWithoutVersion()),
  endless(32, "A streaming list never says that it is complete", noInitialEventsEnd()),
];
