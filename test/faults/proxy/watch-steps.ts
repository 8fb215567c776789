// What the faults of open watches do with each frame.

import type { OpenWatch, WatchFrame } from "./rule.ts";
import type { Of, StreamFault, Strike } from "./rule-book.ts";

/** Returns what is sent in the frame's place. */
export type WatchStep = (frame: WatchFrame) => readonly Buffer[];

/** `endAfterFrame`: ends the watch once what the step returns was sent. */
export function stepOf(
  strike: Strike<StreamFault>,
  watch: OpenWatch,
  endAfterFrame: (how: "orderly" | "cut") => void,
): WatchStep {
  const { fault } = strike;
  switch (fault.kind) {
    case "frames":
      return framesStep(strike, fault, watch);
    case "endStream":
      return endStep(strike, fault, { watch, endAfterFrame });
    case "frozen":
      return frozenStep(strike, fault, watch);
  }
}

function framesStep({ isActive, strike, broke }: Strike, { pass }: Of<"frames">, watch: OpenWatch): WatchStep {
  return (frame) => {
    if (!isActive()) return [frame.raw];
    try {
      const passed = pass(frame, watch);
      if (passed.length !== 1 || passed[0] !== frame.raw) strike();
      return passed;
    } catch (error) {
      broke(error);
      return [frame.raw];
    }
  };
}

interface Ending {
  readonly watch: OpenWatch;
  readonly endAfterFrame: (how: "orderly" | "cut") => void;
}

function endStep(
  { isActive, strike }: Strike,
  { afterFrames, tail, orderly }: Of<"endStream">,
  { watch, endAfterFrame }: Ending,
): WatchStep {
  const how = orderly === true ? "orderly" : "cut";
  const tails = tail === undefined ? [] : [tail];
  if (afterFrames === 0) {
    strike();
    watch.send(...tails);
    watch.end(how);
  }
  let frames = 0;
  return ({ raw }) => {
    frames += 1;
    if (!isActive() || frames !== afterFrames) return [raw];
    strike();
    endAfterFrame(how);
    return [raw, ...tails];
  };
}

/** What is kept back comes when the rule's time is over, or (the rule was removed) before the next frame. */
function frozenStep({ isActive, strike }: Strike, fault: Of<"frozen">, watch: OpenWatch): WatchStep {
  const kept: Buffer[] = [];
  let isFrozen = true;
  void fault.until.then(() => {
    isFrozen = false;
    watch.send(...kept.splice(0));
  });
  return ({ raw, resourceVersion }) => {
    if (!isFrozen || !isActive()) return [...kept.splice(0), raw];
    if (!isNewer(resourceVersion, fault.resourceVersion)) return [raw];
    kept.push(raw);
    strike();
    return [];
  };
}

/** An ERROR event has no version, and is not of the past. */
function isNewer(resourceVersion: string, than: string): boolean {
  return resourceVersion === "" || BigInt(resourceVersion) > BigInt(than);
}
