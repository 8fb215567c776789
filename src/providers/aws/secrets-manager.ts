// AWS Secrets Manager as a service of a store: wires client, reader, batches and finder.

import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ok } from "../../core/result.ts";
import { answerEach, askEach } from "./answers.ts";
import { clientOptions } from "./aws-api.ts";
import { SecretBatches } from "./secret-batch.ts";
import { findSecrets } from "./secret-finder.ts";
import { SecretReader } from "./secret-reader.ts";
import { secretTarget } from "./secret-target.ts";
import type { AwsService, ServiceDeps } from "./service.ts";

const DESCRIBE_DENIED = "some secrets deny DescribeSecret: their versions are checked by reading values";
const BATCH_DENIED = "BatchGetSecretValue is denied: secrets are read one by one";

export function createSecretsManager(deps: ServiceDeps): AwsService {
  const { spec, api, isAccountKnown } = deps;
  const client = new SecretsManagerClient(clientOptions(spec, deps.connection, deps.session));
  const reader = new SecretReader({ api, client, isAccountKnown });
  const batches = new SecretBatches({ api, client, reader });
  return {
    readSecrets: (refs, signal) =>
      answerEach(
        refs,
        (ref) => secretTarget(spec, ref),
        (targets) => batches.readAll(targets, signal),
      ),
    readVersions: (refs, signal) =>
      answerEach(
        refs,
        (ref) => secretTarget(spec, ref),
        (targets) => askEach(targets, (target) => reader.readVersion(target, signal)),
      ),
    find: (query, signal) => findSecrets({ api, client, prefix: spec.prefix, isAccountKnown }, query, signal),
    probe: async (signal) => {
      const command = new ListSecretsCommand({ MaxResults: 1 });
      const answer = await api.call((options) => client.send(command, options), signal);
      return answer.ok || answer.error.kind === "accessDenied" ? ok(undefined) : answer;
    },
    notes: () => [
      ...(reader.readsValuesForVersions ? [DESCRIBE_DENIED] : []),
      ...(batches.isDenied ? [BATCH_DENIED] : []),
    ],
  };
}
