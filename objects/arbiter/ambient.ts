/** Time, chance and the outside are taken away while domain code runs: what replicas could differ in throws. */

const ABSENT = [
  "Temporal",
  "Intl",
  "crypto",
  "performance",
  "scheduler",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "fetch",
  "caches",
  "process",
] as const;

/** Runs `work` without ambient inputs and gives them back afterwards, whatever happens. `work` must be synchronous. */
export function withoutAmbient<T>(work: () => T): T {
  const restores: (() => void)[] = [];
  try {
    // A global may be made when it is first looked at, with the help of others: all are looked at before any goes.
    for (const name of ABSENT) Reflect.get(globalThis, name);
    for (const name of ABSENT) restores.push(replace(globalThis, name, { get: forbidden }));
    restores.push(replace(globalThis, "Date", { value: forbiddenDate(), writable: true }));
    restores.push(replace(Math, "random", { value: forbidden, writable: true }));
    return work();
  } finally {
    for (const restore of restores.toReversed()) restore();
  }
}

function forbidden(): never {
  throw new TypeError("a decision has no clock, no chance and no outside");
}

/** Keeps `instanceof`, which validation uses. */
function forbiddenDate(): unknown {
  const original: unknown = Reflect.get(globalThis, "Date");
  const prototype: unknown = typeof original === "function" ? original.prototype : undefined;
  return Object.defineProperty(forbidden.bind(null), "prototype", { value: prototype });
}

function replace(owner: object, name: string, standIn: PropertyDescriptor): () => void {
  const original = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { ...standIn, configurable: true });
  return () => {
    if (original === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, original);
  };
}
