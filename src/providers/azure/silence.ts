// Azure's SDKs log to stderr when a variable of the environment asks for it. Ours is the only log of this process.

interface Line {
  enabled: boolean;
  destroy(): boolean;
}

interface SdkLogger {
  readonly error: Line;
  readonly warning: Line;
  readonly info: Line;
  readonly verbose: Line;
}

/** For the logger that an SDK exports: all of its own write through it. */
export function silence(logger: SdkLogger): void {
  for (const line of [logger.error, logger.warning, logger.info, logger.verbose]) {
    // Out of the list of those that the next SDK's start would switch on again.
    line.destroy();
    line.enabled = false;
  }
}
