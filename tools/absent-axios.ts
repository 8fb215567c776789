// Stands for axios in the bundle: node-vault imports it (26 MB, 0.2 s) but never calls it, because Fairlead injects its
// own requests. If it ever is called, this says so instead of sending a request that nobody bounded.

export function create(): never {
  throw new Error("axios must not be called");
}
