// Who logs in, and by what proof: collected anew from the cluster for each login, so that a changed Secret or annotation
// counts at once.

import type { CredentialReader, OperatorIdentity } from "../../core/provider/credentials.ts";
import { type ProviderError, providerError } from "../../core/provider/error.ts";
import { failed, ok, type Result } from "../../core/result.ts";
import type { SecretValue } from "../../core/secret-value.ts";
import type { AzureAuth, AzureStoreSpec } from "../../core/spec/azure-store.ts";
import type { ServiceAccountRef } from "../../core/spec/secret-store.ts";
import { checkedId, errorOfCredential, readId, readSecret } from "./credential.ts";

export interface Identity {
  readonly tenantId: string;
  readonly clientId: string;
  /** `assertion`: a token of the cluster, or of whoever else the application trusts. */
  readonly proof: { readonly kind: "secret" | "certificate" | "assertion"; readonly value: SecretValue };
}

type Outcome = Promise<Result<Identity, ProviderError>>;
type AuthOf<Kind extends AzureAuth["kind"]> = Extract<AzureAuth, { kind: Kind }>;

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation : the audience that Entra asks for. */
const EXCHANGE_AUDIENCE = "api://AzureADTokenExchange";
/** https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html */
const CLIENT_ID_ANNOTATION = "azure.workload.identity/client-id";
const TENANT_ID_ANNOTATION = "azure.workload.identity/tenant-id";

/** The tenant that the store itself names, wherever it does; the first of `found` otherwise. */
function oneTenant(spec: AzureStoreSpec, ...found: readonly (string | undefined)[]): Result<string, ProviderError> {
  const origins = [spec.tenantId, ...found].filter((tenant) => tenant !== undefined);
  return oneId(origins, "tenant id", "tenantId of the store, or its ServiceAccount's annotation");
}

export async function servicePrincipal(
  spec: AzureStoreSpec,
  auth: AuthOf<"servicePrincipal">,
  credentials: CredentialReader,
  signal: AbortSignal,
): Outcome {
  const clientId = await readId(credentials, auth.clientId, signal);
  if (!clientId.ok) return clientId;
  const secretTenant = await readId(credentials, auth.tenantId, signal);
  if (!secretTenant.ok) return secretTenant;
  const tenantId = oneTenant(spec, secretTenant.value);
  if (!tenantId.ok) return tenantId;
  const proof = await readSecret(credentials, auth.proof.ref, signal);
  if (!proof.ok) return proof;
  const { kind } = auth.proof;
  return ok({ tenantId: tenantId.value, clientId: clientId.value ?? "", proof: { kind, value: proof.value } });
}

/** A ServiceAccount names its application by annotations, unless the store does. */
export async function serviceAccount(
  spec: AzureStoreSpec,
  auth: AuthOf<"serviceAccount">,
  credentials: CredentialReader,
  signal: AbortSignal,
): Outcome {
  const annotations = await credentials.readAnnotations(auth.ref, signal);
  if (!annotations.ok) return failed(errorOfCredential(annotations.error));
  const secretClient = await readId(credentials, auth.clientId, signal);
  if (!secretClient.ok) return secretClient;
  const secretTenant = await readId(credentials, auth.tenantId, signal);
  if (!secretTenant.ok) return secretTenant;
  const clientId = oneId(
    [annotations.value[CLIENT_ID_ANNOTATION], secretClient.value].filter((id) => id !== undefined),
    "client id",
    `annotation ${CLIENT_ID_ANNOTATION} of ServiceAccount ${auth.ref.name}, or authSecretRef.clientId`,
  );
  if (!clientId.ok) return clientId;
  const tenantId = oneTenant(spec, annotations.value[TENANT_ID_ANNOTATION], secretTenant.value);
  if (!tenantId.ok) return tenantId;
  const jwt = await credentials.requestToken(exchangeOnly(auth.ref), EXCHANGE_AUDIENCE, signal);
  if (!jwt.ok) return failed(errorOfCredential(jwt.error));
  const proof = { kind: "assertion", value: jwt.value.token } as const;
  return ok({ tenantId: tenantId.value, clientId: clientId.value, proof });
}

/** Audiences of the reference are added to the one that Entra asks for, as External Secrets Operator does. */
function exchangeOnly(ref: ServiceAccountRef): ServiceAccountRef {
  const audiences = ref.audiences.includes(EXCHANGE_AUDIENCE) ? ref.audiences : [EXCHANGE_AUDIENCE, ...ref.audiences];
  return { ...ref, audiences: ref.audiences.length === 0 ? [] : audiences };
}

/** What the webhook of Azure Workload Identity puts into the operator's own pod. */
export async function operatorPod(
  spec: AzureStoreSpec,
  auth: AuthOf<"operator">,
  credentials: CredentialReader,
  signal: AbortSignal,
): Outcome {
  const own = credentials.operatorIdentity();
  if (!own.ok) return failed(errorOfCredential(own.error));
  const clientId = oneVariable(own.value, "AZURE_CLIENT_ID", auth.clientId);
  if (!clientId.ok) return clientId;
  const tenantId = oneVariable(own.value, "AZURE_TENANT_ID", spec.tenantId);
  if (!tenantId.ok) return tenantId;
  const path = own.value.variable("AZURE_FEDERATED_TOKEN_FILE");
  const token = path === undefined ? undefined : await own.value.readFile(path, signal);
  if (token === undefined) return failed(unfederated("AZURE_FEDERATED_TOKEN_FILE names no file that is there"));
  return ok({ tenantId: tenantId.value, clientId: clientId.value, proof: { kind: "assertion", value: token } });
}

function oneVariable(own: OperatorIdentity, name: string, chosen: string | undefined): Result<string, ProviderError> {
  const id = chosen ?? own.variable(name);
  return id === undefined ? failed(unfederated(`${name} is not set`)) : checkedId(id, name);
}

function unfederated(fault: string): ProviderError {
  return providerError("unauthenticated", `the operator's pod has no workload identity: ${fault}`);
}

/** The one id that all places agree on. */
function oneId(ids: readonly string[], what: string, places: string): Result<string, ProviderError> {
  const distinct = new Set(ids.map((id) => id.toLowerCase()));
  const [first] = ids;
  if (first === undefined) return failed(providerError("unauthenticated", `no ${what} is given: set ${places}`));
  if (distinct.size === 1) return checkedId(first, `the ${what}`);
  return failed(providerError("unauthenticated", `the ${what} is given twice, and differs: keep one of ${places}`));
}
