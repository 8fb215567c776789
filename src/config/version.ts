// The version of this build: tools/build.ts puts package.json's in; from sources it is "development".

declare const FAIRLEAD_VERSION: string | undefined;

export const version = typeof FAIRLEAD_VERSION === "string" ? FAIRLEAD_VERSION : "development";
