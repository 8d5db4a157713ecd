/**
 * Clerk: one seat of one court. This is the thin shell: it takes calls, timers and the alarm, hands them to the agreement, and
 * carries the rest of a seat's life: identity, genesis, publishing, the Registrars' feed, faults.
 */
import { DurableObject } from "cloudflare:workers";
import { LIMITS } from "../shared/limits.ts";
import { Refused } from "../shared/rpc.ts";
import type {
  ClerkApi,
  EntityAnswer,
  KeyHolder,
  SeatStatus,
  Stage,
  WritAnswer,
} from "../shared/rpc.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import { Bench } from "./bench.ts";
import { partsOf } from "./answers.ts";
import { parseWrit } from "./consensus/check.ts";
import { leaderNow } from "./consensus/step.ts";
import { FAULT_KINDS } from "./faults.ts";
import { RowDamaged } from "./rows.ts";
import { Session } from "./session.ts";

export class Clerk extends DurableObject<Bindings> implements ClerkApi {
  /** What this seat is and has; null when its name is wrong, and then it refuses everything. */
  readonly #bench: Bench | null;
  readonly #refusal: Refused | null = null;
  #session: Session | null = null;
  /** Why the seat is not seated, and whether only an operator can change that. */
  #trouble: { readonly detail: string; readonly lasting: boolean } | null = null;
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    let bench: Bench | null = null;
    try {
      bench = new Bench(ctx, env);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refusal = error;
    }
    this.#bench = bench;
  }

  async deliver(messages: string): Promise<string> {
    const bench = this.#open();
    const delay = bench.faults.delayMs();
    if (delay > 0) await scheduler.wait(delay);
    const session = await this.#seated();
    return this.#guarded(() => session.agreement.deliver(messages, Date.now()));
  }

  async submit(writText: string, waitMs: number): Promise<string> {
    this.#open();
    const writ = parseWrit(writText);
    if (writ === null) throw new Refused("not-ready", "that is no writ");
    const session = await this.#seated();
    const { agreement, waiters, chain } = session;
    if (!this.#guarded(() => agreement.submit(writ, Date.now())))
      throw new Refused("not-ready", "the writ lacks its seal");
    const decided = () => agreement.decided(writ);
    await waiters.until(decided, Math.min(waitMs, LIMITS.answerWaitMs));
    this.#open();
    const answer: WritAnswer = {
      view: agreement.seat.view,
      parts: this.#guarded(() => (decided() && agreement.seat.voice ? partsOf(chain, writ) : [])),
    };
    return JSON.stringify(answer);
  }

  async status(): Promise<string> {
    const bench = this.#open();
    // Not awaited: who only asks how it stands must not wait for others. It wakes the seat all the same.
    void this.#seated().catch(() => {});
    const session = this.#session;
    const seat = session?.agreement.seat;
    const stage = this.#stage();
    const status: SeatStatus = {
      court: bench.court,
      seat: bench.seat,
      region: bench.region,
      publicKey: bench.pair.publicKey,
      stage,
      reason: session?.agreement.quarantine ?? this.#trouble?.detail ?? null,
      ready: stage === "ready",
      view: seat?.view ?? 0,
      leader: seat === undefined ? 0 : leaderNow(seat),
      height: seat?.tip.height ?? 0,
      published: session?.publisher.attested ?? 0,
      overloaded: seat?.backlogFull ?? false,
      genesis: session?.genesisDigest ?? null,
      dissents: bench.incidents.dissents(bench.deployment.quorum.n),
      heard: session?.agreement.heard ?? [],
      now: Date.now(),
    };
    return JSON.stringify(status);
  }

  async entity(key: string, atLeast: number): Promise<string> {
    this.#open();
    const { agreement, waiters, state } = await this.#seated();
    const fresh = () => agreement.seat.tip.height >= atLeast && !agreement.committedAhead();
    await waiters.until(fresh, LIMITS.answerWaitMs);
    this.#open();
    if (!fresh())
      throw new Refused(
        "behind",
        `height ${agreement.seat.tip.height}, asked for ${atLeast} or the one being decided`,
      );
    if (!agreement.seat.voice) throw new Refused("not-ready", "this seat has no voice");
    const { height, certificate } = agreement.seat.tip;
    const row = this.#guarded(() => state.entity(key));
    const answer: EntityAnswer = {
      height,
      certificate,
      version: row?.version ?? 0,
      state: row?.state ?? null,
      since: row?.height ?? 0,
    };
    return JSON.stringify(answer);
  }

  async rows(keys: readonly string[]): Promise<string> {
    this.#open();
    const { agreement, state } = await this.#seated();
    if (!agreement.seat.voice) throw new Refused("not-ready", "this seat has no voice");
    const { height } = agreement.seat.tip;
    const answers = this.#guarded(() =>
      keys.slice(0, LIMITS.entitiesPerEvent).map((key): EntityAnswer => {
        const row = state.entity(key);
        return {
          height,
          certificate: null,
          version: row?.version ?? 0,
          state: row?.state ?? null,
          since: row?.height ?? 0,
        };
      }),
    );
    return JSON.stringify(answers);
  }

  async block(height: number): Promise<string> {
    this.#open();
    const { chain } = await this.#seated();
    return JSON.stringify(this.#guarded(() => chain.block(height)) ?? null);
  }

  async incidents(after: number): Promise<string> {
    return JSON.stringify(this.#open().incidents.after(after, LIMITS.incidentsPage));
  }

  async identity(): Promise<KeyHolder> {
    const { name, pair } = this.#open();
    return { name, publicKey: pair.publicKey };
  }

  async genesis(): Promise<string> {
    this.#open();
    await this.#seated();
    const { notes } = this.#open();
    return notes.get("genesis") ?? "null";
  }

  async signGenesis(document: string): Promise<string> {
    return this.#open().desk.signDocument(document);
  }

  async fault(kind: string, ms: number): Promise<void> {
    const bench = this.#bench;
    if (bench === null || !bench.deployment.faultInjection)
      throw new Refused("not-ready", "fault injection is off");
    if (!FAULT_KINDS.some((known) => known === kind))
      throw new Refused("not-ready", `no fault ${kind}`);
    const quarantined = bench.notes.get("quarantine") !== undefined;
    bench.faults.inject(kind, ms, Date.now());
    if (kind === "heal") bench.notes.delete("quarantine");
    if (kind === "wipe") await this.ctx.storage.deleteAll();
    // A seat that comes up again does so by itself, whether or not anybody calls.
    else await this.ctx.storage.setAlarm(bench.faults.downUntil(Date.now()) ?? Date.now());
    await this.ctx.storage.sync();
    const loseMemory = kind === "crash" || kind === "wipe" || (kind === "heal" && quarantined);
    // The reply goes first: an abort would take it along.
    if (loseMemory) setTimeout(() => this.ctx.abort(`fault: ${kind}`), 0);
  }

  /** Never throws, and is set again while anything is pending. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    try {
      const down = this.#bench?.faults.downUntil(Date.now()) ?? null;
      if (down !== null) return await this.ctx.storage.setAlarm(down);
      if (this.#bench === null) return;
      const session = await this.#seated();
      this.#guarded(() => session.tick(Date.now()));
      if (session.pending()) this.#alarmBy(Date.now() + LIMITS.alarmMs);
    } catch (error) {
      console.error("clerk alarm:", error);
      this.#alarmBy(Date.now() + LIMITS.alarmMs);
    }
  }

  /** The seat's own things, unless its name is wrong or it is down. */
  #open(): Bench {
    if (this.#bench === null) throw this.#refusal ?? new Refused("wrong-name", "no such seat");
    if (this.#bench.faults.downUntil(Date.now()) !== null)
      throw new Refused("seat-down", `${this.#bench.name} is down`);
    return this.#bench;
  }

  /** The running seat; fetches or composes the genesis on the way. */
  async #seated(): Promise<Session> {
    if (this.#session !== null) return this.#session;
    const bench = this.#open();
    try {
      const genesis = bench.desk.stored() ?? (await bench.desk.obtain());
      // Another call may have come first while this one fetched.
      if (this.#session !== null) return this.#session;
      this.#session = new Session(
        bench,
        genesis,
        (at) => this.#alarmBy(at),
        (work) => this.#guarded(work),
      );
      this.#trouble = null;
      const session = this.#session;
      this.#guarded(() => session.start(Date.now()));
      return session;
    } catch (error) {
      const failure =
        error instanceof RowDamaged
          ? new Refused("not-ready", `damaged storage: ${error.message}`)
          : error;
      this.#trouble = { detail: messageOf(failure), lasting: isLasting(failure) };
      throw failure;
    }
  }

  #stage(): Stage {
    if (this.#session !== null)
      return this.#session.agreement.quarantine === null ? "ready" : "quarantined";
    return this.#trouble?.lasting === true ? "quarantined" : "starting";
  }

  /**
   * Runs a synchronous piece. Whatever it throws stops this instance before another piece can run on half a step, storage as
   * it was; a damaged row besides costs the seat its voice, and the next instance adopts what the quorum certified.
   */
  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof RowDamaged)
        this.#bench?.notes.put("quarantine", `damaged row: ${error.message}`);
      console.error(`${this.#bench?.name ?? "clerk"} stops:`, error);
      void this.ctx.storage.sync().then(() => this.ctx.abort(messageOf(error)));
      throw error;
    }
  }

  /** The one alarm: the durable twin of the timers, so never far, and not moved for each of them. */
  #alarmBy(at: number): void {
    const now = Date.now();
    if (this.#alarmAt !== null && this.#alarmAt > now && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A lost key, damaged votes or another configuration do not pass by themselves; a genesis still being composed does. */
function isLasting(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "not-ready" || code === "misconfigured";
}
