// The demo's AWS: Secrets Manager and STS of moto, with the role of a ServiceAccount. moto speaks plain HTTP, and takes
// any token for the role; signatures and trust are the business of the tests.

import { MotoAccount, REGION } from "../support/moto-account.ts";
import { startMoto } from "../testbed/aws/moto-server.ts";
import { type DemoStore, documentOf, type Stage } from "./demo-store.ts";
import { SERVICE_ACCOUNT } from "./manifests.ts";

const KEY = "app/db";

export async function startAwsStore({ rig, tell }: Stage): Promise<DemoStore> {
  const report = (line: string): void => tell.note(line);
  const moto = await startMoto({ guardian: rig.guardian, directory: rig.handle.directory, report });
  tell.note(`moto, in place of AWS, ${moto.address}`);
  const account = await MotoAccount.create(moto);
  const change = async (command: string, action: string): Promise<void> => {
    tell.command(`aws secretsmanager ${command} --secret-id ${KEY}`);
    await account.secrets(action, { SecretId: KEY });
  };
  let role = "";
  let isNew = true;
  const login = `jwt: { serviceAccountRef: { name: ${SERVICE_ACCOUNT} } }`;
  const place = `region: ${REGION}, endpoint: "${moto.address}", stsEndpoint: "${moto.address}"`;
  return {
    name: "aws",
    title: "AWS Secrets Manager",
    key: KEY,
    provider: `aws: { ${place}, auth: { ${login} } }`,
    get annotations() {
      return { "eks.amazonaws.com/role-arn": role };
    },
    operatorArgs: ["--allow-insecure-http"],
    admit: async () => {
      tell.command("aws iam create-role --role-name team-a …");
      role = await account.role("team-a", ["secretsmanager:*"]);
      tell.note(`annotation eks.amazonaws.com/role-arn of ServiceAccount ${SERVICE_ACCOUNT}: ${role}`);
    },
    put: async (password) => {
      const document = JSON.stringify(documentOf(password));
      const words = isNew ? `create-secret --name ${KEY}` : `put-secret-value --secret-id ${KEY}`;
      isNew = false;
      tell.command(`aws secretsmanager ${words} --secret-string '${document}'`);
      await account.put(KEY, document);
      return account.lastVersion(KEY);
    },
    trouble: {
      title: "Delete the secret in AWS, which keeps it for some days",
      reason: "SecretDeletedRemotely",
      cause: () => change("delete-secret", "DeleteSecret"),
      repair: () => change("restore-secret", "RestoreSecret"),
    },
    prove: () => Promise.resolve(),
    access: [`export AWS_ENDPOINT_URL=${moto.address} AWS_REGION=${REGION}`],
    stop: () => moto.stop(),
  };
}
