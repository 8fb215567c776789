// I7: whenever a status says Ready=True for the generation that is there (or kstatus reads Current from it), the Secret
// is a complete rendering of that generation's spec, from the versions that the status names.
//
// Judged at each revision of the ExternalSecret and of its Secret, in the order of their commits. A status is written
// after its Secret, so three differences are no lie, and no others:
// 1. Ahead: the Secret was committed after the status, is complete for the same generation, and holds newer versions than
//    the status names. It must have ended when the dust has settled.
// 2. Foreign: the newest revision (or the deletion) of the Secret is not the operator's, and was committed after the
//    status, or while the status was on its way. It must have ended as well.
// 3. By name: the reasons for which api.md says that Ready is True and the Secret is not as the spec says.

import { listAt, optionalTextAt, valueAt } from "../../testbed/json.ts";
import { fullPath, type RemoteHistory, type RemoteVersion } from "./remote-history.ts";
import { renderingOf } from "./rendering.ts";
import { conditionOf, generationOf, isBeingDeleted, type Revision, timelines } from "./revision.ts";
import { type Evidence, latestBy, type Match, type SecretStory, secretStories, type Step } from "./secret-story.ts";
import type { Violation } from "./violation.ts";
import { type Claim, claimsOf } from "./wanted.ts";

/** A status that was on its way when somebody else changed the Secret cannot know of that. */
const STATUS_IN_FLIGHT_MS = 1000;
const EXCEPTED_REASONS = ["SecretMissing", "SecretRetained", "SecretDeleted", "Suspended"];

/** An ExternalSecret at one moment. */
interface Moment {
  readonly externalSecret: Revision;
  /** The revision with which the status became what it is. */
  readonly status: Revision;
  /** Commit of whatever happened at this moment. */
  readonly order: number;
  readonly isLast: boolean;
}

export function judgeTruth(evidence: Evidence): readonly Violation[] {
  const stories = new Map(secretStories(evidence).map((story) => [story.id, story]));
  return [...timelines(evidence.revisions, "ExternalSecret")].flatMap(([id, revisions]) => {
    const target = claimsOf(revisions).at(-1)?.target ?? id;
    const targets = new Set(claimsOf(revisions).map((claim) => claim.target));
    const steps = [...targets].flatMap((each) => stories.get(each)?.steps ?? []);
    const exempt = revisions.some(({ namespace, name }) => evidence.expected.isExempt(namespace, name, "I7"));
    const lies = exempt ? [] : momentsOf(revisions, steps).flatMap((moment) => lieAt(evidence, stories, moment));
    // One lie lasts over many moments: the first tells.
    return firstOfEach(lies).map(({ what, at }) => ({
      invariant: "I7",
      object: target === id ? id : `${id} (${target})`,
      what,
      at,
    }));
  });
}

interface Lie {
  readonly what: string;
  readonly at: number;
}

function firstOfEach(lies: readonly Lie[]): readonly Lie[] {
  return [...Map.groupBy(lies, ({ what }) => what).values()].flatMap((same) => same.slice(0, 1));
}

/** At each commit to the ExternalSecret or to a Secret that it claims, from its first revision on. */
function momentsOf(revisions: readonly Revision[], steps: readonly Step[]): readonly Moment[] {
  const orders = [...revisions, ...steps.map(({ revision }) => revision)].map(({ order }) => order);
  const sorted = [...new Set(orders)].toSorted((one, other) => one - other);
  return sorted.flatMap((order, index) => {
    const externalSecret = revisions.findLast((revision) => revision.order <= order);
    if (externalSecret === undefined || isBeingDeleted(externalSecret)) return [];
    const status = writeOfStatus(revisions, externalSecret);
    return [{ externalSecret, status, order, isLast: index === sorted.length - 1 }];
  });
}

function writeOfStatus(revisions: readonly Revision[], shown: Revision): Revision {
  const text = JSON.stringify(shown.object["status"]);
  const until = revisions.filter(({ order }) => order <= shown.order);
  const differs = until.findLastIndex((revision) => JSON.stringify(revision.object["status"]) !== text);
  return until[differs + 1] ?? shown;
}

function lieAt(evidence: Evidence, stories: ReadonlyMap<string, SecretStory>, moment: Moment): readonly Lie[] {
  const { externalSecret, order } = moment;
  const [claim] = saysReady(evidence, externalSecret) ? claimsOf([externalSecret]) : [];
  if (claim === undefined || isExcused(evidence, claim)) return [];
  const secret = latestBy(stories.get(claim.target)?.steps ?? [], order);
  const tolerated = toleranceAt(evidence, moment, secret);
  const leeway = { claim, remotes: evidence.remotes, mayBeAhead: tolerated === "newer" };
  const what = tolerated === "anything" ? undefined : differenceOf(moment, secret, leeway);
  return what === undefined ? [] : [{ what, at: order }];
}

/** Exceptions 2 and 1. */
function toleranceAt(
  { isSettled }: Evidence,
  { status, isLast }: Moment,
  secret: Step | undefined,
): "anything" | "newer" | "nothing" {
  if (secret === undefined || (isSettled && isLast)) return "nothing";
  const isLater = secret.revision.order > status.order;
  const wasOnItsWay = status.seenAtMs - secret.revision.seenAtMs < STATUS_IN_FLIGHT_MS;
  if (secret.isForeign && (isLater || wasOnItsWay)) return "anything";
  return isLater ? "newer" : "nothing";
}

/** Policy None writes no Secret, and of one that may go nothing is known. */
function isExcused({ expected }: Evidence, { creationPolicy, target }: Claim): boolean {
  const [namespace = "", name = ""] = target.split("/");
  return creationPolicy === "None" || expected.mayGo(namespace, name);
}

function saysReady({ kstatus }: Evidence, externalSecret: Revision): boolean {
  const ready = conditionOf(externalSecret.object, "Ready");
  const isObserved = valueAt(externalSecret.object, "status", "observedGeneration") === generationOf(externalSecret);
  const isReady = isObserved && ready?.["status"] === "True";
  return (isReady || kstatus?.get(externalSecret) === "Current") && !isExcepted(externalSecret);
}

function isExcepted({ object }: Revision): boolean {
  const reasons = ["Ready", "Reconciling"].map((type) => optionalTextAt(conditionOf(object, type), "reason") ?? "");
  return reasons.some((reason) => EXCEPTED_REASONS.includes(reason));
}

interface Leeway {
  readonly claim: Claim;
  readonly remotes: RemoteHistory;
  /** Exception 1. */
  readonly mayBeAhead: boolean;
}

function differenceOf({ externalSecret }: Moment, secret: Step | undefined, leeway: Leeway): string | undefined {
  if (secret === undefined || secret.revision.change === "DELETED") return "it says Ready, and there is no Secret";
  const { claim, remotes } = leeway;
  // Not the step's own matches: a later generation may want what the Secret holds already.
  const rendering = renderingOf(secret.revision.data, claim, remotes);
  if (!rendering.isComplete) {
    return `it says Ready for generation ${claim.generation}, and the Secret is no complete rendering of that`;
  }
  const matches = [{ claim, rendering }];
  const wrong = listAt(externalSecret.object, "status", "entries").find((entry) => !isTrueOf(entry, matches, leeway));
  return wrong === undefined
    ? undefined
    : `its status names version ${optionalTextAt(wrong, "version") ?? "none"} of ${optionalTextAt(wrong, "key") ?? "?"}, which the Secret does not hold`;
}

/** Whether the Secret holds the version that a status entry names, or a newer one where it may. */
function isTrueOf(entry: unknown, matches: readonly Match[], { remotes, mayBeAhead }: Leeway): boolean {
  const key = optionalTextAt(entry, "key");
  const version = optionalTextAt(entry, "version");
  const origins = key === undefined || version === undefined ? [] : matches.flatMap((match) => originsOf(match, key));
  // No version named (a find), or a remote secret that the run did not write itself: nothing to compare.
  if (key === undefined || origins.length === 0) return true;
  if (origins.some((origin) => String(origin.version) === version)) return true;
  const named = [...remotes.versionsOf(key).values()].flat().filter((known) => String(known.version) === version);
  const isAhead = named.some(({ serial }) => origins.some((origin) => origin.serial > serial));
  return mayBeAhead && isAhead;
}

function originsOf({ rendering }: Match, key: string): readonly RemoteVersion[] {
  const wanted = fullPath(key);
  return [...rendering.origins]
    .filter(([id]) => {
      const [path = ""] = id.split("@");
      return path === wanted || path.slice(path.indexOf("/") + 1) === wanted;
    })
    .flatMap(([, versions]) => versions);
}
