/** The Durable Object: who it is, whether it serves, and its alarm. What it does is the desk's. */
import { DurableObject } from "cloudflare:workers";
import { deploymentOf } from "../shared/config.ts";
import type { Deployment } from "../shared/config.ts";
import type { Genesis } from "../shared/genesis.ts";
import { LIMITS } from "../shared/limits.ts";
import { signer, verifier } from "../shared/node/crypto.ts";
import type { KeyPair, Verify } from "../shared/node/crypto.ts";
import { frontRegion } from "../shared/names.ts";
import { Refused } from "../shared/rpc.ts";
import type { ClerkApi, KeyHolder, Submission, WardenApi, WardenStatus } from "../shared/rpc.ts";
import { checkedGenesis, keyHere, Notes, officerHere } from "../shared/shell/identity.ts";
import { clerkStub } from "../shared/shell/stubs.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import type { Writ } from "../shared/types.ts";
import { sealValid } from "../shared/verify.ts";
import { Alarm } from "./alarm.ts";
import { Book } from "./core/book.ts";
import { nextAlarm } from "./core/expiry.ts";
import type { Doubt } from "./core/held.ts";
import { Desk } from "./desk.ts";
import { findGenesis } from "./genesis.ts";
import { answersAlone } from "./kept.ts";
import { lookedUp } from "./lookup.ts";
import { within } from "../shared/clock.ts";
import { wallClock } from "../shared/shell/clock.ts";
import type { Court } from "./ports.ts";
import { restore } from "./restore.ts";
import { Store } from "./store.ts";
import { Tally } from "./tally.ts";

/** An object that is who it says; everything of it that its storage holds. */
interface Post {
  readonly deployment: Deployment;
  readonly name: string;
  readonly warden: number;
  readonly keys: KeyPair;
  readonly verify: Verify;
  readonly notes: Notes;
  /** As kept from an earlier life. */
  readonly genesis: Genesis | null;
  readonly store: Store;
  readonly book: Book;
  readonly alarm: Alarm;
  /** Courts of which it is not known what was sealed. */
  readonly doubts: readonly Doubt[];
}

export class Warden extends DurableObject<Bindings> implements WardenApi {
  readonly #post: Post | Refused;
  #desk: Desk | null = null;
  #opening: Promise<Desk> | null = null;
  #downUntil = 0;
  readonly #tally = new Tally();

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#post = postOf(ctx, env);
    if (this.#post instanceof Refused) return;
    const { notes, alarm, book } = this.#post;
    this.#downUntil = Number(notes.get("downUntil") ?? 0);
    void ctx.blockConcurrencyWhile(async () => {
      await alarm.load();
      if (book.restless) alarm.arm(Date.now() + LIMITS.alarmMs);
    });
  }

  async identity(): Promise<KeyHolder> {
    const { name, keys } = this.#serving();
    return { name, publicKey: keys.publicKey };
  }

  async admit(submissions: string, waitMs: number): Promise<string> {
    const post = this.#serving();
    const until = Date.now() + waitMs;
    const wanted = JSON.parse(submissions) as Submission[];
    try {
      const desk = await this.#openBy(post, until);
      return JSON.stringify(this.#tally.counted(await desk.admit(wanted, until)));
    } catch (error) {
      if (!(error instanceof Refused && error.code === "no-genesis")) throw error;
      const { deployment, book, store, doubts } = post;
      const keeping = { book, store, doubts, windowMs: deployment.windowMs };
      const answers = answersAlone(keeping, wanted, Date.now(), error.message);
      return JSON.stringify(this.#tally.counted(answers));
    }
  }

  async lookup(key: string): Promise<string> {
    const { book, store } = this.#serving();
    return JSON.stringify(lookedUp(key, book, store));
  }

  async status(): Promise<string> {
    const { warden, book, deployment } = this.#serving();
    const courts = Array.from({ length: deployment.courts }, (_, court) => court);
    const status: WardenStatus = {
      warden,
      pending: book.pending,
      sealed: courts.map((court) => book.sealedIn(court).size),
      halted: book.halted,
      answers: this.#tally.answers,
      dropped: this.#tally.dropped,
    };
    return JSON.stringify(status);
  }

  async fault(kind: string, ms: number): Promise<void> {
    const post = this.#known();
    if (!post.deployment.faultInjection)
      throw new Refused("misconfigured", "faults are not injected here");
    if (kind === "heal") {
      post.notes.delete("downUntil");
      this.#downUntil = 0;
      return;
    }
    if (kind === "crash") {
      this.#downUntil = Date.now() + ms;
      post.notes.put("downUntil", String(this.#downUntil));
    } else if (kind === "wipe") {
      await this.ctx.storage.deleteAll();
    } else {
      throw new Refused("misconfigured", `a Warden has no fault ${kind}`);
    }
    await this.ctx.storage.sync();
    // The reply leaves first, or the caller could not tell an injected fault from a real one.
    setTimeout(() => this.ctx.abort(`fault: ${kind}`), 0);
  }

  /** Never throws and always arms the next one, or the platform would give up on it. */
  override async alarm(): Promise<void> {
    if (this.#post instanceof Refused) {
      // What is pending is still there when the configuration comes right again.
      const mayServeAgain = this.#post.code !== "wrong-name";
      if (mayServeAgain) void this.ctx.storage.setAlarm(Date.now() + LIMITS.alarmMs);
      return;
    }
    const { alarm, book, store } = this.#post;
    alarm.spent();
    let next = nextAlarm(Date.now(), book.restless, store.ends);
    try {
      const desk = await this.#open(this.#serving());
      next = await desk.upkeep();
    } catch (error) {
      console.error("alarm of a Warden", error);
    }
    if (next !== null) alarm.arm(next);
  }

  #known(): Post {
    if (this.#post instanceof Refused) throw this.#post;
    return this.#post;
  }

  /** StayDown. */
  // Rule: StayDown.
  #serving(): Post {
    const post = this.#known();
    const now = Date.now();
    if (now < this.#downUntil) throw new Refused("seat-down", "down by an injected fault");
    if (post.alarm.overdue(now)) this.ctx.waitUntil(this.alarm());
    // A Warden that restarted drives what is pending whether or not anyone asks for it.
    if (this.#desk === null && post.book.restless)
      this.ctx.waitUntil(this.#open(post).catch(() => undefined));
    return post;
  }

  async #openBy(post: Post, until: number): Promise<Desk> {
    const opening = this.#open(post).then(
      (desk) => ({ desk }),
      (error: unknown) => ({ error }),
    );
    const opened = await within(wallClock, Math.max(until - Date.now(), LIMITS.statusMs), opening);
    if (opened === undefined)
      throw new Refused("no-genesis", "the genesis is still being composed");
    if ("error" in opened) throw opened.error;
    return opened.desk;
  }

  #open(post: Post): Promise<Desk> {
    if (this.#desk !== null) return Promise.resolve(this.#desk);
    this.#opening ??= this.#opened(post).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #opened(post: Post): Promise<Desk> {
    const { deployment, store, book, alarm, verify } = post;
    const genesis = post.genesis ?? (await this.#found(post));
    const ports = {
      deployment,
      storage: this.ctx.storage,
      store,
      book,
      alarm,
      clock: wallClock,
      verify,
      doubts: post.doubts,
    };
    const court = (number: number): Court => this.#court(deployment, number);
    const stop = (error: unknown): void => this.#stop(error);
    const holder = { warden: post.warden, publicKey: post.keys.publicKey };
    const counted: typeof unproven = (...dropped) => {
      this.#tally.dropped += 1;
      unproven(...dropped);
    };
    const desk = new Desk({ ...ports, holder, court, unproven: counted, stop }, genesis);
    this.#desk = desk;
    return desk;
  }

  async #found(post: Post): Promise<Genesis> {
    const { deployment, notes } = post;
    const ask = (seat: number): Promise<string> =>
      clerkStub(this.env, deployment, 0, seat).genesis();
    const check = (text: string): Genesis => checked(text, post);
    const found = await findGenesis({ seats: deployment.quorum.n, ask, check }, wallClock);
    notes.put("genesis", found.text);
    return found.genesis;
  }

  /** A new stub for every call: one that saw an abort stays broken. */
  #court(deployment: Deployment, court: number): Court {
    const stub = (seat: number): ClerkApi =>
      clerkStub(this.env, deployment, court, seat, frontRegion(deployment));
    return {
      submit: async (seat, writ, waitMs) => stub(seat).submit(writ, waitMs),
      writs: async (seat, warden, from) => stub(seat).writs(warden, from),
      terms: async (seat) => stub(seat).terms(),
      status: async (seat) => stub(seat).status(),
    };
  }

  #stop(error: unknown): void {
    console.error("a Warden stops", error);
    this.ctx.abort(error instanceof Error ? error.message : "stopped");
  }
}

function unproven(court: number, seat: number, reason: string, count: number): void {
  console.warn(
    `answer ${count} dropped in court ${court}: seat ${seat} does not prove it: ${reason}`,
  );
}

type Own = Pick<Post, "deployment" | "verify">;

/** RefuseMisconfigured: a genesis that the configuration does not fit. */
// Rule: RefuseMisconfigured.
function checked(text: string, { deployment, verify }: Own): Genesis {
  return checkedGenesis(text, deployment, verify);
}

/** The genesis kept from an earlier life, or null; throws {@link Refused} when it is none to serve by. */
function keptGenesis(notes: Notes, own: Own): Genesis | null {
  const kept = notes.get("genesis");
  try {
    return kept === undefined ? null : checked(kept, own);
  } catch (error) {
    if (error instanceof Refused && error.code !== "no-genesis") throw error;
    // Damaged: the seats have it.
    notes.delete("genesis");
    return null;
  }
}

/** KeepIdentity, and what is pending. RefuseWrongName: having stored nothing, what is not a Warden of this deployment. */
// Rules: RefuseWrongName, KeepIdentity.
function postOf(ctx: DurableObjectState, env: Bindings): Post | Refused {
  try {
    const deployment = configured(env);
    const { name, officer } = officerHere(ctx, env.WARDEN, deployment, "warden");
    const notes = new Notes(ctx.storage.sql);
    const { warden } = officer;
    const own = { deployment, name, warden, keys: keyHere(notes, name), verify: verifier() };
    const genesis = keptGenesis(notes, own);
    const store = new Store(ctx.storage.sql, deployment.windowMs);
    const book = new Book(warden, signer(own.keys));
    const valid = (writ: Writ) => sealValid(writ, own.keys.publicKey, own.verify);
    const { courts } = deployment;
    const doubts = restore(book, store, { courts, sealValid: valid, now: Date.now() });
    return { ...own, notes, genesis, store, book, doubts, alarm: new Alarm(ctx.storage) };
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

function configured(env: Bindings): Deployment {
  try {
    return deploymentOf(env);
  } catch (error) {
    throw new Refused("misconfigured", error instanceof Error ? error.message : "no deployment");
  }
}
