/**
 * Clerk: one seat of one court. This is the thin shell: it takes calls, timers and the alarm, hands them to the agreement, and
 * carries the rest of a seat's life: identity, genesis, publishing, the Registrars' feed, faults.
 */
import { DurableObject } from "cloudflare:workers";
import { z } from "zod";
import { BrokenInvariant } from "../shared/assert.ts";
import type { Genesis } from "../shared/genesis.ts";
import { requestIn } from "../shared/control.ts";
import { LIMITS } from "../shared/limits.ts";
import { Refused } from "../shared/rpc.ts";
import type { ClerkApi, ControlAnswer, KeyHolder, SeatStatus, WritAnswer } from "../shared/rpc.ts";
import type { Bindings } from "../shared/shell/stubs.ts";
import { entityAnswer } from "./answers.ts";
import { entityKey, entityKeys, natural } from "./asked.ts";
import { Bench } from "./bench.ts";
import { parseWrit } from "./consensus/check.ts";
import { leaderNow } from "./consensus/step.ts";
import { faultKind } from "./faults.ts";
import { glimpseOf } from "./glimpse.ts";
import { heldWrits } from "./held-writs.ts";
import { codeOf, isLasting, legible, messageOf } from "./legible.ts";
import { orderRebuild, rebuildObjection } from "./rebuild.ts";
import { RowDamaged } from "./rows.ts";
import { Session } from "./session.ts";
import type { Whereabouts } from "./stage.ts";

/** Why the seat is not seated. */
interface Trouble {
  readonly error: unknown;
  /** Only an operator can change it: it is not looked into again before `until`. */
  readonly lasting: boolean;
  readonly until: number;
}

export class Clerk extends DurableObject<Bindings> implements ClerkApi {
  /** What this seat is and has; or, when its name or configuration is wrong, what it refuses everything with. */
  readonly #bench: Bench | Refused;
  #session: Session | null = null;
  #trouble: Trouble | null = null;
  /** A piece of work failed half-way: the next life begins from storage. */
  #stopped = false;
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#bench = benchOf(ctx, env);
  }

  async deliver(messages: string): Promise<string> {
    const bench = this.#open();
    const delay = bench.faults.delayMs();
    if (delay > 0) await scheduler.wait(delay);
    const { agreement } = await this.#seated();
    return this.#guarded(() => agreement.deliver(messages, Date.now()));
  }

  async submit(writText: string, waitMs: number): Promise<string> {
    this.#open();
    const wait = Math.min(natural(waitMs), LIMITS.answerWaitMs);
    const writ = parseWrit(writText);
    if (writ === null) throw new Refused("malformed", "that is no writ");
    const session = await this.#seated();
    const { agreement, waiters, answers } = session;
    if (!this.#guarded(() => session.submit(writ, Date.now())))
      throw new Refused("malformed", "the writ lacks its seal");
    const decided = () => agreement.decided(writ);
    await waiters.until(decided, wait);
    const answer: WritAnswer = {
      view: agreement.seat.view,
      parts: this.#read(() => (decided() && agreement.seat.voice ? answers.of(writ) : [])),
    };
    return JSON.stringify(answer);
  }

  async writs(warden: number, from: number): Promise<string> {
    const asked = [natural(warden), natural(from)] as const;
    const { seat } = (await this.#seated()).agreement;
    const { chain } = this.#speaking(seat);
    return JSON.stringify(this.#read(() => heldWrits(chain, seat, ...asked)));
  }

  async status(): Promise<string> {
    const bench = this.#open();
    // Not awaited: who only asks how it stands must not wait for others. It wakes the seat all the same.
    void this.#seated().catch(() => {});
    const session = this.#session;
    const seat = session?.agreement.seat;
    const { stage, progress } = this.#whereabouts();
    const status: SeatStatus = {
      court: bench.court,
      seat: bench.seat,
      region: bench.region,
      publicKey: bench.pair.publicKey,
      stage,
      progress,
      reason: this.#reason(),
      ready: stage === "ready",
      view: seat?.view ?? 0,
      leader: seat === undefined ? 0 : leaderNow(seat),
      height: seat?.tip.height ?? 0,
      published: session?.publisher.attested ?? 0,
      overloaded: seat?.backlogFull ?? false,
      genesis: session?.genesisDigest ?? null,
      dissents: bench.incidents.dissents(bench.deployment.quorum.n),
      heard: session?.agreement.heard ?? [],
      dropped: session?.agreement.dropped ?? 0,
      work: session?.agreement.work ?? null,
      incarnation: seat?.incarnation ?? 0,
      incidents: bench.incidents.kept(),
      now: Date.now(),
    };
    return JSON.stringify(status);
  }

  async entity(key: string, atLeast: number): Promise<string> {
    this.#open();
    const [asked, floor] = [entityKey(key), natural(atLeast)];
    const { agreement, waiters } = await this.#seated();
    const { seat } = agreement;
    const fresh = () => seat.tip.height >= floor && !agreement.committedAhead();
    if (seat.voice) await waiters.until(fresh, LIMITS.answerWaitMs);
    const bench = this.#speaking(seat);
    if (!fresh())
      throw new Refused(
        "behind",
        `height ${seat.tip.height}, asked for ${floor} or the one being decided`,
      );
    const row = this.#read(() => bench.state.entity(asked));
    return JSON.stringify(entityAnswer(row, seat.tip.height, seat.tip.certificate));
  }

  async rows(keys: readonly string[]): Promise<string> {
    this.#open();
    const asked = entityKeys(keys);
    const { seat } = (await this.#seated()).agreement;
    const { state } = this.#speaking(seat);
    const rows = this.#read(() => asked.map((key) => state.entity(key)));
    return JSON.stringify(rows.map((row) => entityAnswer(row, seat.tip.height, null)));
  }

  async block(height: number): Promise<string> {
    const [{ chain }, asked] = [this.#open(), natural(height)];
    await this.#seated();
    return JSON.stringify(this.#read(() => chain.block(asked)) ?? null);
  }

  async control(request: string): Promise<string> {
    const bench = this.#open();
    const asked = requestIn(request);
    if (asked === null) throw new Refused("malformed", "that is no request for a control event");
    const { agreement } = await this.#seated();
    const control = await bench.controlOf(asked);
    const refused = this.#guarded(() => agreement.ask(control, Date.now()));
    const answer: ControlAnswer = { refused, key: control.kind === "key" ? control.key : null };
    return JSON.stringify(answer);
  }

  async terms(): Promise<string> {
    const { chain } = this.#open();
    const { agreement } = await this.#seated();
    return JSON.stringify(this.#read(() => chain.controls(agreement.seat.tip.height)));
  }

  async incidents(after: number): Promise<string> {
    return JSON.stringify(this.#open().incidents.after(natural(after)));
  }

  async glimpse(height: number, incident: number): Promise<string> {
    const after = { height: natural(height), incident: natural(incident) };
    const { agreement, lately } = await this.#seated();
    const { chain, incidents } = this.#open();
    const shown = { seat: agreement.seat, chain, incidents, lately };
    return JSON.stringify(this.#read(() => glimpseOf(shown, after, Date.now())));
  }

  async reread(height: number): Promise<void> {
    const session = await this.#seated();
    session.reread(natural(height), Date.now());
  }

  async identity(): Promise<KeyHolder> {
    const { name, pair } = this.#open();
    return { name, publicKey: pair.publicKey };
  }

  async genesis(): Promise<string> {
    const { desk } = this.#open();
    await this.#seated();
    return desk.text() ?? "null";
  }

  async signGenesis(document: string): Promise<string> {
    try {
      return await this.#open().desk.signDocument(document);
    } catch (error) {
      throw legible(error);
    }
  }

  // Rules: CrashStaysDown, WipeCostsVoice.
  async fault(kind: string, ms: number): Promise<void> {
    const bench = this.#bench;
    if (bench instanceof Refused || !bench.deployment.faultInjection)
      throw new Refused("not-ready", "fault injection is off");
    const known = faultKind(kind);
    const lasting = natural(ms, LIMITS.faultMaxMs);
    const silent = bench.quarantine !== null;
    bench.faults.inject(known, lasting, Date.now());
    if (known === "heal") bench.heal();
    if (known === "corrupt-state") bench.state.rot();
    if (known === "wipe") await this.ctx.storage.deleteAll();
    // A seat that comes up again does so by itself, whether or not anybody calls.
    else await this.ctx.storage.setAlarm(bench.faults.downUntil(Date.now()) ?? Date.now());
    if (known === "crash" || known === "wipe" || (known === "heal" && silent))
      await this.#leave(`fault: ${known}`);
    else await this.ctx.storage.sync();
  }

  async rebuild(): Promise<void> {
    const refused = await rebuildObjection(this.#open());
    if (refused !== null) throw new Refused("not-ready", refused);
    this.#guarded(() => orderRebuild(this.#open(), Date.now()));
    this.#alarmAt = null;
    this.#alarmBy(Date.now());
    await this.#leave("its state is rebuilt");
  }

  /** Ends this life when all is durable. The reply goes first: an abort would take it along. */
  async #leave(reason: string): Promise<void> {
    this.#stopped = true;
    await this.ctx.storage.sync();
    setTimeout(() => this.ctx.abort(reason), 0);
  }

  /** Never throws, and is set again while anything is pending. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    const next = await this.#upkeep();
    if (next !== null) this.#alarmBy(next);
  }

  /** Does what is due; by when to come back, or null. */
  // Rules: KeepAlarmWhilePending, SleepWhenQuiet.
  async #upkeep(): Promise<number | null> {
    const bench = this.#bench;
    const soon = Date.now() + LIMITS.alarmMs;
    // What is pending is still there when the configuration comes right again.
    if (bench instanceof Refused) return bench.code === "misconfigured" ? soon : null;
    if (this.#stopped) return null;
    try {
      const down = bench.faults.downUntil(Date.now());
      if (down !== null) return down;
      const session = await this.#seated();
      this.#guarded(() => session.tick(Date.now()));
      return session.wakeBy(Date.now());
    } catch (error) {
      console.error(`${bench.name} alarm:`, error);
      return this.#stopped || codeOf(error) === "not-ready" ? null : soon;
    }
  }

  /** The seat's own things, unless its name is wrong or it is down. */
  #open(): Bench {
    const bench = this.#bench;
    if (bench instanceof Refused) throw bench;
    if (this.#stopped || bench.faults.downUntil(Date.now()) !== null)
      throw new Refused("seat-down", `${bench.name} is down`);
    return bench;
  }

  #speaking({ voice }: { readonly voice: boolean }): Bench {
    const bench = this.#open();
    if (!voice) throw new Refused("not-ready", "this seat has no voice");
    return bench;
  }

  /** The running seat; fetches or composes the genesis on the way. */
  async #seated(): Promise<Session> {
    const bench = this.#open();
    if (this.#session !== null) return this.#session;
    const now = Date.now();
    if (this.#trouble !== null && this.#trouble.until > now) throw this.#trouble.error;
    let genesis: Genesis;
    try {
      genesis = bench.desk.stored() ?? (await bench.desk.obtain());
    } catch (error) {
      const lasting = isLasting(error);
      const until = lasting ? now + LIMITS.alarmMs : 0;
      this.#trouble = { error: legible(error), lasting, until };
      throw this.#trouble.error;
    }
    // Another call may have come first while this one fetched.
    return this.#session ?? this.#guarded(() => this.#begin(bench, genesis));
  }

  #begin(bench: Bench, genesis: Genesis): Session {
    const session = new Session(bench, genesis, {
      alarmBy: (at) => this.#alarmBy(at),
      tend: (work) => this.#tend(work),
      restart: (reason) => this.#restart(reason),
    });
    this.#session = session;
    this.#trouble = null;
    session.start(Date.now());
    return session;
  }

  #whereabouts(): Whereabouts {
    if (this.#session !== null) return this.#session.whereabouts;
    return { stage: this.#trouble?.lasting === true ? "quarantined" : "starting", progress: null };
  }

  #reason(): string | null {
    const bench = this.#open();
    if (bench.quarantine !== null) return bench.quarantine;
    if (this.#trouble !== null) return messageOf(this.#trouble.error);
    return this.#session?.reason ?? null;
  }

  /**
   * Runs a synchronous piece. Whatever it throws ends this life before another piece can run on half a step: memory is thrown
   * away, and of storage there is nothing but whole steps.
   */
  #guarded<T>(work: () => T): T {
    this.#open();
    try {
      return work();
    } catch (error) {
      throw this.#stop(error);
    }
  }

  /** A read for a caller. Without a voice the seat has no more to lose by a damaged row than the answer. */
  #read<T>(work: () => T): T {
    const bench = this.#open();
    try {
      return bench.repairs.mending(work);
    } catch (error) {
      if (!(error instanceof RowDamaged) || bench.quarantine === null) throw this.#stop(error);
      if (bench.hurt(error, Date.now())) this.#alarmBy(Date.now() + LIMITS.alarmMs);
      throw legible(error);
    }
  }

  #tend(work: () => void): void {
    try {
      this.#guarded(work);
    } catch {
      // Nobody waits for the outcome, and the object stops where it must.
    }
  }

  /** A damaged row that is not repaired at once costs the seat its voice until it is; it comes back by itself. */
  // Rule: StopAtBrokenStep.
  #stop(error: unknown): unknown {
    const bench = this.#bench;
    console.error(`${bench.name} stops:`, error);
    this.#stopped = true;
    if (!(error instanceof RowDamaged) || bench instanceof Refused) {
      // Together with everything that is not yet durable, and with what was to be sent after it.
      this.ctx.abort(messageOf(error));
      return error;
    }
    bench.atomic(() => bench.hurt(error, Date.now()));
    this.#restart(error.message);
    return error;
  }

  /** It comes back by itself: with nobody calling the alarm wakes it. */
  #restart(reason: string): void {
    this.#stopped = true;
    this.#alarmAt = null;
    this.#alarmBy(Date.now());
    // What is not durable by then is found again by the next life.
    const written = Promise.race([this.ctx.storage.sync(), scheduler.wait(LIMITS.alarmMs)]);
    void written.finally(() => this.ctx.abort(reason));
  }

  /** The one alarm: the durable twin of the timers, so never far, and not moved for each of them. */
  #alarmBy(at: number): void {
    const now = Date.now();
    if (this.#alarmAt !== null && this.#alarmAt > now && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    void this.ctx.storage.setAlarm(at);
  }
}

/** Wrong for as long as this object lives: a name or a configuration is not mended under it. */
function benchOf(ctx: DurableObjectState, env: Bindings): Bench | Refused {
  try {
    return new Bench(ctx, env);
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof BrokenInvariant)
      return new Refused("misconfigured", error.message);
    const refusal = legible(error);
    if (refusal instanceof Refused) return refusal;
    throw error;
  }
}
