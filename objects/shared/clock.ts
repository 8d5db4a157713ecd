/** Time as the shells of all objects need it, so that they can be run with a clock moved by hand. */

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs `then` after so many milliseconds, unless the returned function is called before. */
  after(ms: number, then: () => void): () => void;
}

/** What the promise comes to, or undefined when it fails or takes longer than `ms`. */
// Rule: TakeSilentCallForLost.
export function within<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(undefined));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      () => {
        cancel();
        resolve(undefined);
      },
    );
  });
}

/** A call that cannot even be made has failed like one that was refused. */
export async function called<T>(call: () => Promise<T>): Promise<T> {
  return call();
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
