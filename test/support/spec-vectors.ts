// Specs with the verdict that the API server and the parser must agree on: the parser's unit test and the admission
// test on the real API server run the same tables.

import { awsStoreVectors } from "./aws-store-vectors.ts";
import { azureStoreVectors } from "./azure-store-vectors.ts";
import { externalSecretVectors } from "./external-secret-vectors.ts";
import { intervalVectors } from "./interval-vectors.ts";
import { clusterSecretStoreVectors, secretStoreVectors } from "./secret-store-vectors.ts";
import type { SpecVector } from "./spec-vector.ts";

export const specVectors: readonly SpecVector[] = [
  ...externalSecretVectors,
  ...intervalVectors,
  ...secretStoreVectors,
  ...clusterSecretStoreVectors,
  ...awsStoreVectors,
  ...azureStoreVectors,
];
