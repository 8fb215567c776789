// Remembers what was made from an object that never changes, for as long as the object is there.

export function oncePerObject<K extends object, V>(make: (object: K) => V): (object: K) => V {
  const known = new WeakMap<K, { readonly made: V }>();
  return (object) => {
    const remembered = known.get(object);
    if (remembered !== undefined) return remembered.made;
    const made = make(object);
    known.set(object, { made });
    return made;
  };
}
