// `find` in Parameter Store: a complete list of the parameters that match by path, name and tags. Tags are judged by
// AWS, which takes pairs of key and value here and shows no tags; names are judged here.

import { DescribeParametersCommand, type ParameterStringFilter, type SSMClient } from "@aws-sdk/client-ssm";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import type { FindQuery } from "../../core/provider/port.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { AwsApi } from "./aws-api.ts";
import { unexpectedAnswer } from "./map-error.ts";

export interface ParameterFinderDeps {
  readonly api: AwsApi;
  readonly client: SSMClient;
  readonly prefix: string;
  readonly isAccountKnown: () => boolean;
}

/** DescribeParameters, parameter MaxResults. */
const PAGE = 50;
/** More would not fit into a Secret by far. */
const MAX_LISTED = 10_000;
/** AWS may send pages with nothing on them, but not for ever. */
const MAX_PAGES = 1_000;
const PARAMETER_NAME = /^[-A-Za-z0-9_./]+$/;

/** Keys as the store's users write them: without its prefix. */
export async function findParameters(
  deps: ParameterFinderDeps,
  query: FindQuery,
  signal: AbortSignal,
): Promise<Result<readonly string[], ProviderError>> {
  const { prefix } = deps;
  const beginning = `${prefix}${query.path ?? ""}`;
  const listed = await listParameters(deps, filtersOf(beginning, query), signal);
  if (!listed.ok) return listed;
  const keys = listed.value
    .filter((name) => name.startsWith(beginning))
    .map((name) => name.slice(prefix.length))
    .filter((key) => query.name?.test(key) ?? true);
  if (keys.length === 0 && !deps.isAccountKnown()) {
    return failed({ ...providerError("notFound", "no parameter matches"), isUnproved: true });
  }
  return ok(keys.sort());
}

/** Only a path from the root on is one for AWS. */
function filtersOf(beginning: string, { tags }: FindQuery): readonly ParameterStringFilter[] {
  const byTag = Object.entries(tags).map(([tag, value]) => ({ Key: `tag:${tag}`, Option: "Equals", Values: [value] }));
  if (!PARAMETER_NAME.test(beginning)) return byTag;
  const path = beginning.replace(/\/$/, "");
  const byName = path.startsWith("/")
    ? { Key: "Path", Option: "Recursive", Values: [path] }
    : { Key: "Name", Option: "BeginsWith", Values: [beginning] };
  return path === "" ? byTag : [byName, ...byTag];
}

async function listParameters(
  { api, client }: Pick<ParameterFinderDeps, "api" | "client">,
  filters: readonly ParameterStringFilter[],
  signal: AbortSignal,
): Promise<Result<readonly string[], ProviderError>> {
  const names: string[] = [];
  let NextToken: string | undefined;
  let pages = 1;
  do {
    const command = new DescribeParametersCommand({ MaxResults: PAGE, ParameterFilters: [...filters], NextToken });
    const page = await api.call((options) => client.send(command, options), signal);
    if (!page.ok) return page;
    const listed = page.value.Parameters?.map(({ Name }) => Name);
    if (listed === undefined || !listed.every((name) => name !== undefined)) return failed(unexpectedAnswer());
    names.push(...listed);
    if (names.length > MAX_LISTED || pages === MAX_PAGES) return failed(tooMany());
    pages += 1;
    NextToken = page.value.NextToken;
  } while (NextToken !== undefined);
  return ok(names);
}

/** What the data of the store causes passes with it: unlike an invalid reference, it is tried again. */
function tooMany(): ProviderError {
  return providerError("malformedPayload", `find lists more than ${MAX_LISTED} parameters: narrow its path or tags`);
}
