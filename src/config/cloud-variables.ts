// Which variables of the environment a login to a cloud may look at: those by which platforms hand an identity to a pod.

const OF_A_CLOUD = /^(AWS|AZURE)_/;

export function isCloudVariable(name: string): boolean {
  return OF_A_CLOUD.test(name);
}
