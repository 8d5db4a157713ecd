// A client that sends until it is told, always with the same keys, and writes down everything.
import { setTimeout as sleep } from "node:timers/promises";

import { elementsOf, isFinal, slugIn, slugOf } from "../../lib/contract.ts";
import type { Answer } from "../../lib/contract.ts";
import { exchange } from "../../lib/exchange.ts";
import type { Access, Exchanged } from "../../lib/exchange.ts";
import type { Sent } from "../check/types.ts";
import type { Dice } from "../../../spec/kit/dice.ts";
import { Unmet } from "../unmet.ts";
import type { Log } from "./log.ts";

/** How long a client goes on trying, and how long it waits between two tries. */
const PATIENCE_MS = 180_000;
const PAUSE_MS = 50;
const PAUSE_CAP_MS = 1_000;
/** A client that leaves does so within this time, of every so many requests. */
const LEAVES_WITHIN_MS = 40;
const LEAVES_EVERY = 3;

export interface Manners {
  /** Whether clients now leave before they are answered. */
  leaving: boolean;
}

export class Submitter {
  readonly #access: Access;
  readonly #log: Log;
  readonly #dice: Dice;
  readonly #manners: Manners;

  constructor(access: Access, log: Log, dice: Dice, manners: Manners) {
    this.#access = access;
    this.#log = log;
    this.#dice = dice;
    this.#manners = manners;
  }

  /** Returns when all of it is answered for good; throws if it is not within three minutes. */
  async submit(events: readonly Sent[]): Promise<void> {
    const from = performance.now();
    const end = from + PATIENCE_MS;
    let open = events;
    for (let tries = 0; ; tries += 1) {
      const { rest, why, waitMs } = await this.#try(open);
      if (rest.length === 0) {
        this.#log.wanting.push({ from, to: performance.now() });
        return;
      }
      open = rest;
      for (const reason of new Set(why)) this.#log.again(reason);
      if (performance.now() > end) throw new Unmet(`nothing but ${why[0]} for three minutes`);
      const pause = Math.min(PAUSE_MS * 2 ** tries, PAUSE_CAP_MS);
      await sleep(Math.max(pause, waitMs), undefined, { signal: this.#access.signal });
    }
  }

  async #try(events: readonly Sent[]): Promise<{ rest: Sent[]; why: string[]; waitMs: number }> {
    this.#log.sending(events);
    const [only] = events;
    const single = events.length === 1;
    const leave = this.#leave();
    const reply = await exchange(
      this.#access,
      "POST",
      "/v1/events",
      single ? only : events,
      leave?.signal,
    );
    if (leave !== undefined) clearTimeout(leave.timer);
    const answers = reply === null ? [] : answersIn(reply, events, single);
    const told = events.filter((event, index) => {
      const answer = answers[index];
      return answer !== undefined && isFinal(answer) && this.#log.told(event, accountOf(answer));
    });
    if (told.length > 0) this.#log.arrivals.push({ at: performance.now(), events: told.length });
    const silence = leave?.signal.aborted === true ? "the client left" : "no answer";
    const undecided = events.flatMap((event, index) => {
      const answer = answers[index];
      if (answer === undefined) return [{ event, why: silence }];
      return isFinal(answer) ? [] : [{ event, why: slugOf(answer) }];
    });
    const rest = undecided.map(({ event }) => event);
    return { rest, why: undecided.map(({ why }) => why), waitMs: reply?.retryAfterMs ?? 0 };
  }

  #leave(): { signal: AbortSignal; timer: NodeJS.Timeout } | undefined {
    if (!this.#manners.leaving || this.#dice.below(LEAVES_EVERY) !== 0) return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), this.#dice.below(LEAVES_WITHIN_MS));
    return { signal: controller.signal, timer };
  }
}

/** By event, in order; a reply to all of it that says to try again is one to each. */
function answersIn(reply: Exchanged, events: readonly Sent[], single: boolean): Answer[] {
  const { status, body } = reply;
  if ([429, 503, 504].includes(status)) {
    const problem = { type: slugIn(body) };
    return events.map(({ id }) => ({ id, status: "pending", problem }));
  }
  if (!single) return elementsOf(reply, events);
  const id = events[0]?.id ?? "";
  if (status !== 422) return elementsOf({ status, body: [body] }, events);
  const problem = { type: slugIn(body) };
  return [{ id, status: problem.type === "key-reused" ? "conflict" : "invalid", problem }];
}

/** What must be the same each time: not that it was a replay, nor where in an array a refused event stood. */
function accountOf(answer: Answer): string {
  const { replayed: _, problem, ...account } = answer;
  return JSON.stringify(problem === undefined ? account : { ...account, problem: slugIn(problem) });
}
