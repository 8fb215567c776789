// `find` in Secrets Manager: a complete list of the secrets that match by name, by tags, or by both. AWS filters what it
// can; what counts is judged here, because its filters know neither patterns nor pairs of key and value.

import {
  type Filter,
  ListSecretsCommand,
  type SecretListEntry,
  type SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { FindQuery } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { AwsApi } from "./aws-api.ts";
import { unexpectedAnswer } from "./map-error.ts";

export interface SecretFinderDeps {
  readonly api: AwsApi;
  readonly client: SecretsManagerClient;
  /** Before every key of the store. */
  readonly prefix: string;
  readonly isAccountKnown: () => boolean;
}

type Keys = Result<readonly string[], ProviderError>;

/** ListSecrets, parameter MaxResults. */
const PAGE = 100;
/** More would not fit into a Secret by far. */
const MAX_LISTED = 10_000;
/** AWS may send pages with nothing on them, but not for ever. */
const MAX_PAGES = 1_000;
/** What ListSecrets takes as a filter of names; a leading `!` would turn it round. */
const FILTERABLE = /^[-A-Za-z0-9 :_@/+=.][-A-Za-z0-9 :_@/+=.!]*$/;
/** ListSecrets, parameter Filters. */
const MAX_FILTERS = 10;

/** Keys as the store's users write them: without its prefix. */
export async function findSecrets(deps: SecretFinderDeps, query: FindQuery, signal: AbortSignal): Promise<Keys> {
  const listed = await listSecrets(deps, filtersOf(deps.prefix, query), signal);
  if (!listed.ok) return listed;
  const keys: string[] = [];
  for (const entry of listed.value) {
    if (entry.Name === undefined) return failed(unexpectedAnswer());
    const key = keyOf(deps.prefix, entry.Name);
    if (key !== undefined && entry.DeletedDate === undefined && matches(query, key, entry)) keys.push(key);
  }
  if (keys.length === 0 && !deps.isAccountKnown()) {
    return failed({ ...providerError("notFound", "no secret matches"), isUnproved: true });
  }
  return ok(keys.sort());
}

function keyOf(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

function matches({ path = "", name, tags }: FindQuery, key: string, { Tags: own = [] }: SecretListEntry): boolean {
  const isTagged = Object.entries(tags).every(([tag, value]) =>
    own.some(({ Key, Value = "" }) => Key === tag && Value === value),
  );
  return key.startsWith(path) && (name?.test(key) ?? true) && isTagged;
}

function filtersOf(prefix: string, { path = "", tags }: FindQuery): readonly Filter[] {
  const beginning = `${prefix}${path}`;
  const byName: Filter[] = FILTERABLE.test(beginning) ? [{ Key: "name", Values: [beginning] }] : [];
  const byTag = Object.keys(tags)
    .filter((tag) => FILTERABLE.test(tag))
    .map((tag): Filter => ({ Key: "tag-key", Values: [tag] }));
  return [...byName, ...byTag].slice(0, MAX_FILTERS);
}

async function listSecrets(
  { api, client }: Pick<SecretFinderDeps, "api" | "client">,
  filters: readonly Filter[],
  signal: AbortSignal,
): Promise<Result<readonly SecretListEntry[], ProviderError>> {
  const entries: SecretListEntry[] = [];
  let NextToken: string | undefined;
  let pages = 1;
  do {
    const command = new ListSecretsCommand({ MaxResults: PAGE, Filters: [...filters], NextToken });
    const page = await api.call((options) => client.send(command, options), signal);
    if (!page.ok) return page.error.kind === "accessDenied" ? failed(listingDenied(page.error)) : page;
    if (page.value.SecretList === undefined) return failed(unexpectedAnswer());
    entries.push(...page.value.SecretList);
    if (entries.length > MAX_LISTED || pages === MAX_PAGES) return failed(tooMany());
    pages += 1;
    NextToken = page.value.NextToken;
  } while (NextToken !== undefined);
  return ok(entries);
}

function listingDenied(error: ProviderError): ProviderError {
  return { ...error, detail: "find needs the permission secretsmanager:ListSecrets" };
}

/** What the data of the store causes passes with it: unlike an invalid reference, it is tried again. */
function tooMany(): ProviderError {
  return providerError("malformedPayload", `find lists more than ${MAX_LISTED} secrets: narrow its path or tags`);
}
