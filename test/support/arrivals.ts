// Who waits at a server of a test for a request about something.

export class Arrivals {
  #waiting: { readonly subject: string; readonly resolve: () => void }[] = [];

  /** Resolves when the next request about the subject has come. */
  of(subject: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ subject, resolve }));
  }

  /** A request came that is about these. */
  tell(subjects: readonly string[]): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ subject }) => !subjects.includes(subject));
    for (const { subject, resolve } of waiting) if (subjects.includes(subject)) resolve();
  }
}
