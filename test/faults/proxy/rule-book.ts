// The rules in force at one proxy: which of them strike a request, and how often each did.

import type { ActiveRule, Fault, Position, RequestFacts, Rule } from "./rule.ts";

/** A rule that strikes one request or watch; `strike` is called each time that it does something. */
export interface Strike<F extends Fault = Fault> {
  readonly name: string;
  readonly fault: F;
  /** False once the rule was removed. */
  readonly isActive: () => boolean;
  strike(): void;
  /** The rule itself threw. */
  broke(error: unknown): void;
}

export type Of<Kind extends Fault["kind"]> = Extract<Fault, { readonly kind: Kind }>;
/** Faults after which the request goes on. */
export type Wait = Of<"delay" | "hold">;
/** Faults of an open watch. */
export type StreamFault = Of<"frames" | "endStream" | "frozen">;
export type Decision = Exclude<Fault, Wait | Of<"frames" | "endStream">>;

/** What happens to one request. */
export interface Plan {
  readonly waits: readonly Strike<Wait>[];
  readonly decision: Strike<Decision> | undefined;
}

export interface RuleBook {
  add(rule: Rule): ActiveRule;
  clear(): void;
  /** Counts the request as a match of the rules that see it. */
  planFor(request: RequestFacts): Plan;
  /** Counts the watch as a match of the rules for open watches. */
  strikesOnWatch(request: RequestFacts): readonly Strike<StreamFault>[];
  /** Strikes by rule name since the last clear. */
  fired(): ReadonlyMap<string, number>;
  /** Counts what is no rule. */
  count(name: string): void;
  /** What rules threw, and what was thrown on their account: a mistake of the test. */
  readonly broken: unknown[];
}

interface Entry {
  readonly rule: Rule;
  readonly waiters: Set<{ readonly count: number; readonly resolve: () => void }>;
  matched: number;
  fired: number;
}

/** `onStreamRule`: told of each rule for watches that is added, with a function that enlists an open watch. */
export function createRuleBook(onStreamRule: (enlist: EnlistWatch) => void): RuleBook {
  const entries = new Set<Entry>();
  const counts = new Map<string, number>();
  const broken: unknown[] = [];
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const matchOf = <F extends Fault>(entry: Entry, fault: F, request: RequestFacts): Strike<F> | undefined =>
    isStruck(entry, request)
      ? strikeOf(entry, fault, { count, isActive: () => entries.has(entry), broke: (error) => void broken.push(error) })
      : undefined;
  const watchMatch = (entry: Entry, request: RequestFacts): Strike<StreamFault> | undefined => {
    const { fault } = entry.rule;
    return isStreamFault(fault) ? matchOf(entry, fault, request) : undefined;
  };
  return {
    add(rule) {
      const entry: Entry = { rule, waiters: new Set(), matched: 0, fired: 0 };
      entries.add(entry);
      if (isStreamFault(rule.fault)) onStreamRule((request) => watchMatch(entry, request));
      return activeRule(entry, () => entries.delete(entry));
    },
    clear() {
      entries.clear();
      counts.clear();
    },
    planFor(request) {
      const waits: Strike<Wait>[] = [];
      for (const entry of entries) {
        const { fault } = entry.rule;
        if (isWait(fault)) {
          const wait = matchOf(entry, fault, request);
          if (wait !== undefined) waits.push(wait);
        } else if (decides(fault, request)) {
          const decision = matchOf(entry, fault, request);
          if (decision !== undefined) return { waits, decision };
        }
      }
      return { waits, decision: undefined };
    },
    strikesOnWatch: (request) =>
      [...entries].map((entry) => watchMatch(entry, request)).filter((strike) => strike !== undefined),
    fired: () => new Map(counts),
    count,
    broken,
  };
}

export type EnlistWatch = (request: RequestFacts) => Strike<StreamFault> | undefined;

/** Waits at one of the two positions. */
export function waitsAt(plan: Plan, at: Position): readonly Strike<Wait>[] {
  return plan.waits.filter(({ fault }) => fault.at === at);
}

/** Counts the match. */
function isStruck(entry: Entry, request: RequestFacts): boolean {
  const { when, from = 1, times = Number.POSITIVE_INFINITY } = entry.rule;
  if (!when(request)) return false;
  entry.matched += 1;
  return entry.matched >= from && entry.matched < from + times;
}

function isWait(fault: Fault): fault is Wait {
  return fault.kind === "delay" || fault.kind === "hold";
}

function isStreamFault(fault: Fault): fault is StreamFault {
  return fault.kind === "frames" || fault.kind === "endStream" || fault.kind === "frozen";
}

/** A frozen watch is struck when it opens. */
function decides(fault: Fault, { verb }: RequestFacts): fault is Decision {
  if (fault.kind === "frozen") return verb === "list";
  return fault.kind !== "frames" && fault.kind !== "endStream";
}

interface Accounting extends Pick<Strike, "broke"> {
  readonly count: (name: string) => void;
  readonly isActive: () => boolean;
}

function strikeOf<F extends Fault>(entry: Entry, fault: F, { count, isActive, broke }: Accounting): Strike<F> {
  const { name } = entry.rule;
  return {
    name,
    fault,
    isActive,
    broke,
    strike() {
      entry.fired += 1;
      count(name);
      for (const waiter of entry.waiters) {
        if (waiter.count > entry.fired) continue;
        entry.waiters.delete(waiter);
        waiter.resolve();
      }
    },
  };
}

function activeRule(entry: Entry, remove: () => void): ActiveRule {
  return {
    name: entry.rule.name,
    get matched() {
      return entry.matched;
    },
    get fired() {
      return entry.fired;
    },
    firedTimes: (count) =>
      new Promise((resolve) => {
        if (entry.fired >= count) resolve();
        else entry.waiters.add({ count, resolve });
      }),
    remove,
  };
}
