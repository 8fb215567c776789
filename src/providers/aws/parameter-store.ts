// AWS Systems Manager Parameter Store as a service of a store: wires client, reader and finder.

import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { ok } from "../../core/result.ts";
import { answerEach } from "./answers.ts";
import { clientOptions } from "./aws-api.ts";
import { findParameters } from "./parameter-finder.ts";
import { ParameterReader } from "./parameter-reader.ts";
import { parameterTarget } from "./parameter-target.ts";
import type { AwsService, ServiceDeps } from "./service.ts";

export function createParameterStore(deps: ServiceDeps): AwsService {
  const { spec, api, isAccountKnown } = deps;
  const client = new SSMClient(clientOptions(spec, deps.connection, deps.session));
  const reader = new ParameterReader({ api, client, isAccountKnown });
  return {
    readSecrets: (refs, signal) =>
      answerEach(
        refs,
        (ref) => parameterTarget(spec, ref),
        (targets) => reader.readSecrets(targets, signal),
      ),
    readVersions: (refs, signal) =>
      answerEach(
        refs,
        (ref) => parameterTarget(spec, ref),
        (targets) => reader.readVersions(targets, signal),
      ),
    find: (query, signal) => findParameters({ api, client, prefix: spec.prefix, isAccountKnown }, query, signal),
    probe: async (signal) => {
      const command = new DescribeParametersCommand({ MaxResults: 1 });
      const answer = await api.call((options) => client.send(command, options), signal);
      return answer.ok || answer.error.kind === "accessDenied" ? ok(undefined) : answer;
    },
    notes: () => [],
  };
}
