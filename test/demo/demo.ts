// `make demo`: the main job on a real control plane and a real Vault, told step by step. Exits 0, or says which step
// failed and exits 1. On a terminal it stays up afterwards until Ctrl-C.

import { once } from "node:events";
import { deployOperator } from "../testbed/deploy-operator.ts";
import { type Rig, startRig } from "../testbed/rig.ts";
import { waitUntil } from "../testbed/wait-until.ts";
import {
  externalSecretManifest,
  identityManifest,
  NAMESPACE,
  revokedPolicy,
  SERVICE_ACCOUNT,
  storeManifest,
  VAULT_ROLE,
  vaultPolicy,
} from "./manifests.ts";
import { createNarrator, type Narrator } from "./narrator.ts";

const DEADLINE_MS = 60_000;
const TABLE = ["get", "externalsecrets", "-n", NAMESPACE];

interface Stage {
  readonly rig: Rig;
  readonly tell: Narrator;
}

/** Fires at the first Ctrl-C or SIGTERM. */
const interruption = new AbortController();
process.once("SIGINT", () => interruption.abort());
process.once("SIGTERM", () => interruption.abort());

const tell = createNarrator((text) => process.stdout.write(text));
process.exit(await main());

async function main(): Promise<number> {
  try {
    tell.step("Start etcd, kube-apiserver, kube-controller-manager and Vault");
    await using rig = await startRig({ report: (line) => tell.note(line) });
    tell.note(`kube-apiserver ${rig.handle.kubernetes.server}, Vault ${rig.vault.address}`);
    await story({ rig, tell });
  } catch (error) {
    process.stderr.write(`\nThe demo failed in step ${tell.current}\n${String(error)}\n`);
    return 1;
  }
  tell.note("All servers are stopped.");
  return 0;
}

async function story(stage: Stage): Promise<void> {
  const { rig } = stage;
  await install(stage);
  await prepareVault(stage);
  await applyManifests(stage);
  stage.tell.step("Start the operator with the ServiceAccount and RBAC of config/default");
  await using operator = await deployOperator(rig);
  stage.tell.command("bin/fairlead run --kubeconfig=<token of ServiceAccount fairlead-system/fairlead>");
  await operator.waitReady();
  await showSync(stage);
  await showRotation(stage);
  await showDenial(stage);
  await showRecovery(stage);
  if (process.stdout.isTTY) await stayUp(stage);
  stage.tell.step("Stop the operator");
  const { code } = await operator.stop();
  stage.tell.note(`SIGTERM: the operator revoked its Vault token and ended with exit code ${code ?? "none"}`);
  if (code !== 0) throw new Error("the operator did not end cleanly");
}

async function install({ rig, tell }: Stage): Promise<void> {
  tell.step("Install the CRDs and the RBAC");
  await kubectl({ rig, tell }, ["apply", "-f", "crds/"]);
  await kubectl({ rig, tell }, ["apply", "-k", "config/default"]);
}

async function prepareVault({ rig, tell }: Stage): Promise<void> {
  tell.step("Put a secret into Vault, and let one ServiceAccount read it");
  await putSecret({ rig, tell }, "correct-horse-1");
  tell.command('vault policy write team-a - <<< \'path "kv/data/app/db" { capabilities = ["read"] } …\'');
  await rig.vault.putPolicy(VAULT_ROLE, vaultPolicy);
  tell.command(`vault write auth/kubernetes/role/${VAULT_ROLE} bound_service_account_names=${SERVICE_ACCOUNT} …`);
  await rig.vault.write(`auth/kubernetes/role/${VAULT_ROLE}`, {
    bound_service_account_names: SERVICE_ACCOUNT,
    bound_service_account_namespaces: NAMESPACE,
    audience: "vault",
    token_policies: [VAULT_ROLE],
    token_ttl: "10m",
  });
}

async function applyManifests(stage: Stage): Promise<void> {
  stage.tell.step("Apply a SecretStore with Kubernetes auth, and an ExternalSecret with two keys");
  await kubectl(stage, ["create", "namespace", NAMESPACE]);
  for (const manifest of [identityManifest, storeManifest(stage.rig.vault), externalSecretManifest]) {
    await kubectl(stage, ["apply", "-f", "-"], manifest);
  }
  stage.tell.output(externalSecretManifest);
}

async function showSync(stage: Stage): Promise<void> {
  stage.tell.step("The Secret, and which version it holds");
  await untilReady(stage, "True", "SecretSynced", "1");
  await kubectl(stage, ["get", "secretstores", "-n", NAMESPACE]);
  await kubectl(stage, TABLE);
  await showSecret(stage, "correct-horse-1");
}

async function showRotation(stage: Stage): Promise<void> {
  stage.tell.step("Rotate the value in Vault: the Secret follows, and status shows the version");
  await putSecret(stage, "correct-horse-2");
  await untilReady(stage, "True", "SecretSynced", "2");
  await kubectl(stage, TABLE);
  await showSecret(stage, "correct-horse-2");
  await kubectl(stage, ["get", "externalsecret", "db", "-n", NAMESPACE, "-o", "jsonpath={.status.history}"]);
}

async function showDenial(stage: Stage): Promise<void> {
  const { rig, tell } = stage;
  tell.step("Revoke the policy, and rotate: status says why, and the Secret keeps its last good value");
  tell.command("vault policy write team-a - <<< 'path \"kv/data/app/other\" …'");
  await rig.vault.putPolicy(VAULT_ROLE, revokedPolicy);
  await untilReady(stage, "False", "AccessDenied");
  await putSecret(stage, "correct-horse-3");
  await kubectl(stage, [...TABLE, "-o", "wide"]);
  await showSecret(stage, "correct-horse-2");
}

async function showRecovery(stage: Stage): Promise<void> {
  const { rig, tell } = stage;
  tell.step("Restore the policy: it heals by itself");
  tell.command("vault policy write team-a - <<< 'path \"kv/data/app/db\" …'");
  await rig.vault.putPolicy(VAULT_ROLE, vaultPolicy);
  await untilReady(stage, "True", "SecretSynced", "3");
  await kubectl(stage, TABLE);
  await showSecret(stage, "correct-horse-3");
  await kubectl(stage, ["get", "events", "-n", NAMESPACE, "--field-selector", "involvedObject.kind=ExternalSecret"]);
}

async function putSecret({ rig, tell }: Stage, password: string): Promise<void> {
  tell.command(`vault kv put kv/app/db username=app password=${password}`);
  await rig.vault.putSecret("kv", "app/db", { username: "app", password });
}

async function kubectl({ rig, tell }: Stage, args: readonly string[], stdin?: string): Promise<string> {
  tell.command(`kubectl ${args.join(" ")}`);
  const output = await rig.kubectl(args, stdin === undefined ? {} : { stdin });
  tell.output(output);
  return output;
}

async function showSecret({ rig, tell }: Stage, password: string): Promise<void> {
  const template = '{{range $key, $value := .data}}{{$key}}: {{$value | base64decode}}{{"\\n"}}{{end}}';
  const args = ["get", "secret", "db-credentials", "-n", NAMESPACE, "-o", `go-template=${template}`];
  tell.command(`kubectl get secret db-credentials -n ${NAMESPACE} -o go-template='${template}'`);
  const output = await rig.kubectl(args);
  tell.output(output);
  if (!output.includes(`password: ${password}`)) throw new Error("the Secret does not hold the expected password");
}

async function untilReady({ rig, tell }: Stage, status: string, reason: string, version = ""): Promise<void> {
  tell.note(`waiting for Ready=${status} ${reason}${version === "" ? "" : ` at version ${version}`}`);
  const ready = '.status.conditions[?(@.type=="Ready")]';
  const path = `{${ready}.status} {${ready}.reason} {.status.versionSummary}`;
  const args = ["get", "externalsecret", "db", "-n", NAMESPACE, "-o", `jsonpath=${path}`];
  const wanted = `${status} ${reason} ${version}`;
  const probe = async (): Promise<true | undefined> => {
    interruption.signal.throwIfAborted();
    return (await rig.kubectl(args)).startsWith(wanted) ? true : undefined;
  };
  await waitUntil(`Ready is ${wanted}`, probe, { timeoutMs: DEADLINE_MS, intervalMs: 250 });
}

async function stayUp({ rig, tell }: Stage): Promise<void> {
  tell.note("Everything stays up until Ctrl-C:");
  tell.command(`export KUBECONFIG=${rig.kubeconfigPath}`);
  tell.command(`export VAULT_ADDR=${rig.vault.address} VAULT_CACERT=${rig.handle.caPath}`);
  tell.command(`export VAULT_TOKEN=${rig.vault.rootToken}`);
  const { signal } = interruption;
  if (!signal.aborted) await once(signal, "abort");
}
