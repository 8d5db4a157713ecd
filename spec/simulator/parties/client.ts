/** A client: sends events, asks again for what it does not know, and now and then for what it was told long ago. */
import { LIMITS } from "../../../objects/shared/limits.ts";
import { Refused } from "../../../objects/shared/rpc.ts";
import type { Submission } from "../../../objects/shared/rpc.ts";
import type { LedgerEvent, Receipt } from "../../../objects/shared/types.ts";
import { ofLaterLife } from "../../../worker/http/answers.ts";
import type { Answer } from "../../../worker/http/answers.ts";
import type { Told } from "../history.ts";
import type { World } from "../world.ts";
import { SMOOTH } from "./reach.ts";
import type { Way } from "./reach.ts";
import type { VirtualWarden } from "./warden.ts";
import { happening, submissionOf } from "./workload.ts";
import type { Identity } from "./workload.ts";

/** Shares are in a hundred, times in milliseconds. */
export interface Habits {
  /** Events that it makes, and the longest pause between two requests. */
  readonly events: number;
  readonly pace: number;
  /** Events of one request, at most. */
  readonly batch: number;
  readonly waitMs: number;
  readonly deadlineMs: number;
  /** How its clock is off. */
  readonly skewMs: number;
  /** Events say when they were sent; without that nothing may be asked again after the window. */
  readonly sentAt: boolean;
  /** Answered events that are sent once more: soon, and after the window. */
  readonly again: number;
  readonly late: number;
  /** Events under a key that was used for another. */
  readonly reuse: number;
  readonly way: Way;
}

interface Errand {
  readonly identity: Identity;
  readonly submission: Submission;
  readonly since: number;
  /** What it was told at last, if that was conclusive. */
  told: Told | null;
  /** Requests under way or intended that hold it. */
  asks: number;
}

/** Whom it asks: the Warden of each of its sources. */
export interface Door {
  readonly tenant: string;
  readonly source: string;
  readonly warden: VirtualWarden;
}

/** Of the keys that it used last so many are used once more when they have ended. */
const MOST_ANEW = 6;
const RETRY_MS = 3_000;
/** Nothing that is answered later than this after the faults is asked for again after its window. */
const LATEST_MS = 25_000;

export class Client {
  readonly number: number;
  readonly counts: Record<string, number> = {};
  readonly #world: World;
  readonly #habits: Habits;
  readonly #windowMs: number;
  readonly #errands: { readonly door: Door; readonly errand: Errand }[] = [];
  readonly #doors: readonly Door[];
  #left: number;
  #resting = false;
  #calm = false;
  #calmAt = Number.MAX_SAFE_INTEGER;

  constructor(
    world: World,
    number: number,
    doors: readonly Door[],
    of: { habits: Habits; windowMs: number },
  ) {
    this.#world = world;
    this.number = number;
    this.#doors = doors;
    this.#habits = of.habits;
    this.#windowMs = of.windowMs;
    this.#left = of.habits.events;
  }

  begin(): void {
    this.#world.after(1 + this.#world.dice.below(this.#habits.pace + 1), () => {
      if (this.#resting || this.#left <= 0) return;
      this.#send();
      this.begin();
    });
  }

  /** It makes nothing new, and is gone until the calm. */
  rest(): void {
    this.#resting = true;
  }

  get #away(): boolean {
    return this.#resting && !this.#calm;
  }

  /** It asks for what it does not know until it knows it. */
  calm(): void {
    this.#calm = true;
    this.#calmAt = this.#world.now;
    for (const { door, errand } of this.#errands) {
      if (errand.told === null && errand.asks === 0) this.#askSoon(door, errand, 500);
    }
  }

  /** Some of the keys that it was answered for once more: with the same data, or with other. */
  anew(): void {
    const { dice, now } = this.#world;
    const byKey = new Map(this.#errands.map((held) => [held.errand.submission.key, held]));
    for (const { door, errand } of [...byKey.values()].slice(-MOST_ANEW)) {
      if (errand.told === null || door.warden.forsaken) continue;
      const { identity, submission } = errand;
      const { type, data } = JSON.parse(submission.event) as LedgerEvent;
      const body = dice.percent(60) ? { type, data } : happening(dice);
      const sentAt = this.#habits.sentAt ? now + this.#habits.skewMs : null;
      const again = { identity, submission: submissionOf(identity, body, sentAt), since: now };
      const fresh: Errand = { ...again, told: null, asks: 0 };
      this.#errands.push({ door, errand: fresh });
      this.#count("anew");
      this.#askSoon(door, fresh, 500);
    }
  }

  /** Of which events it was never told what became of them though their Warden is there, and what it still means to ask. */
  pending(): string[] {
    return this.#errands.flatMap(({ door, errand }) => {
      const { event } = errand.submission;
      if (errand.asks > 0) return [`is about to ask for ${event}`];
      const known = errand.told !== null || door.warden.forsaken || this.#tooLate(errand);
      return known ? [] : [`does not know of ${event}`];
    });
  }

  #send(): void {
    const { dice, now } = this.#world;
    const door = dice.one(this.#doors);
    const count = Math.min(1 + dice.below(this.#habits.batch), this.#left);
    this.#left -= count;
    const errands = Array.from({ length: count }, () => {
      const sentAt = this.#habits.sentAt ? now + this.#habits.skewMs : null;
      const identity = this.#identity(door);
      const submission = submissionOf(identity, happening(dice), sentAt);
      const errand: Errand = { identity, submission, since: now, told: null, asks: 1 };
      this.#errands.push({ door, errand });
      return errand;
    });
    this.#ask(door, errands);
  }

  /** A new one, or one that it has used a moment ago. */
  #identity({ tenant, source }: Door): Identity {
    const { dice, now } = this.#world;
    const used = this.#errands.filter(
      ({ errand }) => errand.identity.source === source && now - errand.since < this.#windowMs / 2,
    );
    if (used.length > 0 && dice.percent(this.#habits.reuse)) return dice.one(used).errand.identity;
    return { tenant, source, id: `${this.number}-${this.#errands.length}` };
  }

  #askSoon(door: Door, errand: Errand, ms: number): void {
    errand.asks += 1;
    this.#world.after(1 + this.#world.dice.below(ms), () => this.#ask(door, [errand]));
  }

  /** One request; each of its errands counts it among its asks. */
  #ask(door: Door, errands: readonly Errand[]): void {
    const asked = errands.filter((errand) => {
      if (!this.#tooLate(errand)) return true;
      errand.asks -= 1;
      return false;
    });
    if (asked.length === 0) return;
    this.#count("asked", asked.length);
    for (const { submission } of asked)
      this.#world.note({ kind: "submitted", client: this.number, event: submission.event });
    let open = true;
    const hear = (answers: readonly Answer[] | null): void => {
      if (!open) return;
      open = false;
      cancel();
      asked.forEach((errand, at) => this.#hear(door, errand, toldBy(answers?.[at])));
    };
    const cancel = this.#world.after(this.#patience.deadlineMs, () => hear(null));
    const submissions = asked.map(({ submission }) => submission);
    this.#through(door.warden, submissions)
      .then(hear, () => hear(null))
      // What checkers throw is the world's to throw again.
      .catch(() => undefined);
  }

  /** The way to the Warden and back, with the Usher on it, which asks a Warden that is replaced again (worker/wardens.ts). */
  async #through(
    warden: VirtualWarden,
    submissions: readonly Submission[],
  ): Promise<Answer[] | null> {
    await this.#go();
    let answers: Answer[] | null = null;
    for (let attempt = 1; attempt <= LIMITS.wardenAttempts && !this.#away; attempt++) {
      try {
        const said = await warden.admit(submissions, this.#patience.waitMs);
        answers = attempt === 1 ? said : ofLaterLife(said);
        break;
      } catch (error) {
        if (!(error instanceof Refused) || attempt > 1) continue;
        answers = submissions.map(() => ({ kind: "no-quorum", detail: error.message }));
        break;
      }
    }
    await this.#go();
    return answers;
  }

  #go(): Promise<void> {
    const { dice } = this.#world;
    const { lost, delay, jitter } = this.#calm ? SMOOTH : this.#habits.way;
    const fails = dice.percent(lost);
    return new Promise((resolve, reject) => {
      this.#world.after(delay + dice.below(jitter + 1), () => {
        this.#world.awaited();
        if (fails) reject(new Error("the connection broke"));
        else resolve();
      });
    });
  }

  #hear(door: Door, errand: Errand, told: Told): void {
    const { dice } = this.#world;
    const { event } = errand.submission;
    errand.asks -= 1;
    this.#world.note({ kind: "answered", client: this.number, event, told });
    this.#count(COUNTED[told.kind] ?? `refused ${told.kind === "refused" ? told.code : ""}`);
    if (isConclusive(told)) {
      const first = errand.told === null;
      errand.told = told;
      if (first) this.#later(door, errand);
      return;
    }
    if (errand.told !== null || errand.asks > 0) return;
    if (door.warden.forsaken) return;
    if (this.#calm) this.#askSoon(door, errand, 500);
    else if (!this.#away && dice.percent(75)) this.#askSoon(door, errand, RETRY_MS);
  }

  /** Once more, though it knows. */
  #later(door: Door, errand: Errand): void {
    const { dice } = this.#world;
    if (dice.percent(this.#habits.again))
      this.#askSoon(door, errand, dice.one([50, 3_000, 12_000]));
    if (!dice.percent(this.#habits.late) || this.#world.now > this.#calmAt + LATEST_MS) return;
    this.#count("late");
    errand.asks += 1;
    const gone = this.#windowMs + LIMITS.clockBoundMs;
    this.#world.after(gone + dice.below(gone / 4), () => this.#ask(door, [errand]));
  }

  /** Who only ever asks without waiting is never told that the seats know its key as another's: a Warden keeps no such answer. */
  get #patience(): { readonly waitMs: number; readonly deadlineMs: number } {
    return this.#calm ? { waitMs: 5_000, deadlineMs: 6_500 } : this.#habits;
  }

  #count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  /** Without a time of sending a Warden cannot tell it from a new one once it has forgotten it. */
  #tooLate({ submission, since }: Errand): boolean {
    return submission.sentAt === null && this.#world.now - since > this.#windowMs;
  }
}

const COUNTED: { readonly [kind in Told["kind"]]?: string } = {
  outcome: "outcomes",
  unknown: "unknown",
};

function isConclusive(told: Told): boolean {
  if (told.kind === "refused") return told.code === "key-reused" || told.code === "too-old";
  return told.kind === "outcome";
}

function toldBy(answer: Answer | undefined): Told {
  if (answer === undefined || answer.kind === "pending" || answer.kind === "silent")
    return { kind: "unknown" };
  if (answer.kind !== "settled") return { kind: "refused", code: answer.kind };
  const { body } = answer;
  const { receipt } = JSON.parse(body) as { readonly receipt: Receipt };
  const { outcome, height, index, block } = receipt;
  return { kind: "outcome", outcome, height, index, block, body };
}
