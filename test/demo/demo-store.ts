// What the story of the demo needs of a store, and which stores it is told with: by STORE of the environment.

import type { Rig } from "../testbed/rig.ts";
import type { Narrator } from "./narrator.ts";

export const storeNames = ["vault", "aws", "azure"] as const;
export type StoreName = (typeof storeNames)[number];

export interface Stage {
  readonly rig: Rig;
  readonly tell: Narrator;
}

export interface DemoStore {
  /** Of the SecretStore, too. */
  readonly name: StoreName;
  /** For people, such as "AWS Secrets Manager". */
  readonly title: string;
  /** Remote key of the one secret: a JSON document with username and password. */
  readonly key: string;
  /** YAML of `spec.provider`, one line. */
  readonly provider: string;
  /** What its login looks for at the ServiceAccount. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly operatorArgs: readonly string[];
  /** Lets the ServiceAccount, and nobody else, read the secret. */
  admit(): Promise<void>;
  /** Writes a new version, and returns it as status shows it. */
  put(password: string): Promise<string>;
  readonly trouble: Trouble;
  /** A step of its own once the first sync is done. */
  prove(): Promise<void>;
  /** Commands with which a person looks at it. */
  readonly access: readonly string[];
  stop(): Promise<void>;
}

/** What people do to a secret or a login by mistake, and its end. */
export interface Trouble {
  readonly title: string;
  /** Of the entry, in status. */
  readonly reason: string;
  cause(): Promise<void>;
  repair(): Promise<void>;
}

/** Undefined: the word names no choice. */
export function chosenStores(word: string): readonly StoreName[] | undefined {
  if (word === "all") return storeNames;
  const name = storeNames.find((known) => known === word);
  return name === undefined ? undefined : [name];
}

/** The remote document. */
export function documentOf(password: string): { readonly username: string; readonly password: string } {
  return { username: "app", password };
}
