// `fairlead version`: prints the version of this build.

import { version } from "../config/version.ts";
import { type Command, exitCode, usageError } from "./command.ts";

export const versionCommand: Command = {
  name: "version",
  usage: "",
  summary: "Print the version",
  details: "",
  run: (args, io) => {
    if (args[0] !== undefined)
      return usageError(io, `unexpected argument ${JSON.stringify(args[0])}`, "fairlead version --help");
    io.out(`fairlead ${version}\n`);
    return exitCode.ok;
  },
};
