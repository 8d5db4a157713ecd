/** The object's one alarm, and when it is due. */
import { LIMITS } from "../shared/limits.ts";

export class Alarm {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  async load(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** Wakes the object at `at` or earlier. Part of the transaction it is called in. */
  arm(at: number): void {
    // An earlier alarm does, and moving one earlier costs a round trip before the commit.
    if (this.#at !== null && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }

  /** It has fired, or is lost: the platform gives up on alarms after some failures. */
  spent(): void {
    this.#at = null;
  }

  overdue(now: number): boolean {
    return this.#at !== null && now > this.#at + LIMITS.alarmMs;
  }
}
