/**
 * Registrar: one shard of one seat's warm copies of entity state, close to the reader. A cache, never a source: losing it,
 * or any part of it, costs the next reader one call to the seat.
 */
import { DurableObject } from "cloudflare:workers";
import { deploymentOf } from "../shared/config.ts";
import type { Deployment } from "../shared/config.ts";
import { LIMITS } from "../shared/limits.ts";
import { registrarOf } from "../shared/names.ts";
import type { Officer } from "../shared/names.ts";
import { Refused } from "../shared/rpc.ts";
import type { EntityAnswer, RegistrarApi } from "../shared/rpc.ts";
import { officerHere } from "../shared/shell/identity.ts";
import { clerkStub } from "../shared/shell/stubs.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import * as cache from "./core/cache.ts";
import { CopyStore } from "./store.ts";

/** What an object in its right place works with. */
interface Post {
  readonly deployment: Deployment;
  readonly officer: Extract<Officer, { kind: "registrar" }>;
  readonly store: CopyStore;
}

interface Filling extends cache.Fill {
  /** EntityAnswer, shared by all who miss the key meanwhile. */
  readonly answer: Promise<string>;
}

export class Registrar extends DurableObject<Bindings> implements RegistrarApi {
  #post: Post | undefined;
  #reads: cache.Reads = cache.noReads(0);
  readonly #fills = new Map<string, Filling>();
  /** When the alarm will fire at the latest, as far as this life of the object knows. */
  #armed: number | null = null;

  /**
   * EntityAnswer without certificate. Throws {@link Refused}: `wrong-name`, `misconfigured` (a key of another shard),
   * `not-ready` (too many misses at once), or whatever the seat refuses with.
   */
  // Rules: RefuseForeignKey, AnswerFromCopy, MissUnknownKey, ShareFill.
  async read(key: string): Promise<string> {
    const post = this.#open();
    const { deployment, officer, store } = post;
    if (registrarOf(deployment, key) !== officer.shard) {
      throw new Refused("misconfigured", `${key} is not of Registrar shard ${officer.shard}`);
    }
    const now = Date.now();
    await this.#sweep(store, now);
    const found = store.get(key);
    if (found !== undefined) {
      cache.noteRead(this.#reads, key, found.bucket, now);
      return JSON.stringify(cache.answerOf(found.copy, store.height()));
    }
    const shared = this.#fills.get(key);
    if (shared !== undefined) return shared.answer;
    const filling = this.#fill(post, key);
    this.#fills.set(key, filling);
    try {
      return await filling.answer;
    } finally {
      this.#fills.delete(key);
    }
  }

  /** EntityRow[] changed in (after, height]. Throws {@link Refused} `wrong-name`; nothing is applied when it throws. */
  async push(after: number, height: number, rows: string): Promise<void> {
    const { store } = this.#open();
    const push = cache.pushOf(after, height, rows);
    const now = Date.now();
    await this.#sweep(store, now);
    // From here to the write nothing may interleave.
    const followed = store.height();
    cache.noticePush(followed, push, this.#fills);
    const held = store.versions(push.rows.map(({ key }) => key));
    const into = cache.openedIn(cache.periodOf(now), store.buckets());
    await this.#run(store, cache.applyPush(followed, push, held, into));
  }

  /** Drops what has been idle for long; stays set while a bucket remains. A failure is logged and tried again, never thrown. */
  override async alarm(): Promise<void> {
    this.#armed = null;
    try {
      await this.#sweep(this.#open().store, Date.now());
    } catch (error) {
      if (error instanceof Refused && error.code === "wrong-name") {
        // Its name was right under a past configuration: nobody will read these copies again.
        await this.ctx.storage.deleteAll();
        return;
      }
      console.error("registrar alarm:", error);
      await this.ctx.storage.setAlarm(Date.now() + LIMITS.alarmMs);
    }
  }

  // Rule: RefuseMisnamedRegistrar.
  #open(): Post {
    if (this.#post !== undefined) return this.#post;
    const deployment = deploymentOf(this.env);
    const { name, officer } = officerHere(this.ctx, this.env.REGISTRAR, deployment, "registrar");
    this.#post = { deployment, officer, store: new CopyStore(this.ctx.storage.sql, name) };
    return this.#post;
  }

  // Rules: FillOnMiss, RefuseTooManyFills.
  #fill(post: Post, key: string): Filling {
    if (this.#fills.size >= LIMITS.registrarFills) {
      throw new Refused("not-ready", `${this.#fills.size} misses are being filled already`);
    }
    const fill = { watchedFrom: post.store.height(), changedAt: 0 };
    return Object.assign(fill, { answer: this.#filled(post, key, fill) });
  }

  async #filled(post: Post, key: string, fill: cache.Fill): Promise<string> {
    const { deployment, officer, store } = post;
    const answers = await clerkStub(this.env, deployment, officer.court, officer.seat).rows([key]);
    const [row] = JSON.parse(answers) as EntityAnswer[];
    if (row === undefined) throw new Refused("not-ready", `the seat gave no row of ${key}`);
    const { version, state, since, height } = row;
    const copy = { key, version, state, since, height };
    const { answer, keep } = cache.endFill(store.height(), fill, copy, store.get(key)?.copy);
    if (keep !== null) {
      const into = cache.openedIn(cache.periodOf(Date.now()), store.buckets());
      await this.#run(store, [{ kind: "write", into, copies: [keep] }]);
    }
    return JSON.stringify(answer);
  }

  async #sweep(store: CopyStore, now: number): Promise<void> {
    const effects = cache.sweep(now, store.buckets(), this.#reads);
    const period = cache.periodOf(now);
    if (this.#reads.period < period) this.#reads = cache.noReads(period);
    await this.#run(store, effects);
  }

  /** Effects, then the bounds, in one transaction; then the alarm. */
  async #run(store: CopyStore, effects: readonly cache.Effect[]): Promise<void> {
    if (effects.length > 0) {
      this.ctx.storage.transactionSync(() => {
        store.run(effects);
        store.run(cache.crowdedOut(store.buckets()));
      });
    }
    const due = cache.nextDue(store.buckets());
    if (due === null || (this.#armed !== null && this.#armed <= due)) return;
    this.#armed = due;
    await this.ctx.storage.setAlarm(due);
  }
}
