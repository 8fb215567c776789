// The loop of all workloads: 16 at a time, as many as the operator has connections to the API server.

const PARALLEL = 16;

/** Calls `act` for 0 … count - 1, some at a time. */
export async function forEachIndex(count: number, act: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await act(index);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
