/** The way from Wardens to seats and back: late, lossy, and to some seats that answer falsely. */
import { canonical } from "../../../objects/shared/canonical.ts";
import {
  blockDigest,
  leafDigest,
  merkleRoot,
  resultDigest,
} from "../../../objects/shared/digests.ts";
import type { EntityAnswer, WritAnswer } from "../../../objects/shared/rpc.ts";
import type { Outcome } from "../../../objects/shared/types.ts";
import type { Court as Seats } from "../../../objects/warden/ports.ts";
import { Refused } from "../../../objects/shared/rpc.ts";
import { garbledWrit } from "../garbler.ts";
import { Violation } from "../history.ts";
import type { World } from "../world.ts";
import type { Office } from "./office.ts";

/** Shares are in a hundred, times in milliseconds each way. */
export interface Way {
  /** The call, or the answer to it, fails. */
  readonly lost: number;
  /** Nobody ever hears of it again. */
  readonly mute: number;
  readonly delay: number;
  readonly jitter: number;
}

export const SMOOTH: Way = { lost: 0, mute: 0, delay: 1, jitter: 4 };

export class Ways {
  way = SMOOTH;
  /** Share of the writs that somebody gives the seat in another form as well. */
  garbling = 0;
  readonly counts = { calls: 0, lost: 0, mute: 0, lies: 0, garbled: 0 };
  readonly #world: World;
  readonly #offices: readonly Office[];
  readonly #liars: ReadonlySet<number>;
  /** What seats answered to anybody's writs, for liars to hand to others. */
  readonly #overheard: string[] = [];

  /** `liars`: seats that answer Wardens falsely. */
  constructor(world: World, offices: readonly Office[], liars: ReadonlySet<number>) {
    this.#world = world;
    this.#offices = offices;
    this.#liars = liars;
  }

  /** As one Warden reaches the seats. */
  seats(): Seats {
    return {
      submit: (seat, writ, waitMs) =>
        this.#call(seat, async (office) => {
          await this.#garble(office, writ);
          return office.submit(writ, waitMs);
        }),
      writs: (seat, warden, from) =>
        this.#call(seat, (office) => Promise.resolve(office.writs(warden, from))),
      terms: (seat) => this.terms(seat),
      status: (seat) => this.#call(seat, (office) => Promise.resolve(office.status())),
    };
  }

  terms(seat: number): Promise<string> {
    return this.#call(seat, (office) => Promise.resolve(office.terms()));
  }

  /** As a reader reaches them. */
  entity(seat: number, key: string, atLeast: number): Promise<string> {
    return this.#call(seat, (office) => office.entity(key, atLeast));
  }

  async #call(seat: number, work: (office: Office) => Promise<string>): Promise<string> {
    const { dice } = this.#world;
    this.counts.calls += 1;
    const copies = this.#offices.filter(({ replica }) => replica.seat === seat);
    // A Twin is one object to its callers: whichever copy the platform leads them to.
    const up = copies.filter(({ replica }) => replica.up);
    const office = dice.one(up.length > 0 ? up : copies);
    await this.#go();
    const answer = await work(office);
    await this.#go();
    if (!this.#liars.has(seat)) {
      if (this.#overheard.length < 64) this.#overheard.push(answer);
      return answer;
    }
    return dice.percent(60) ? this.#falsified(answer) : answer;
  }

  /** No seat may take it, or break over it. */
  async #garble(office: Office, writ: string): Promise<void> {
    const { dice } = this.#world;
    if (this.garbling === 0 || !dice.percent(this.garbling)) return;
    this.counts.garbled += 1;
    const text = garbledWrit(writ, dice);
    const came = await office.submit(text, 0).catch((error: unknown) => error);
    if (came instanceof Refused) return;
    this.#world.fail(
      new Violation("GarbledIsDropped", `${String(came)} came of ${text.slice(0, 200)}`),
    );
  }

  /** One way. */
  #go(): Promise<void> {
    const { dice } = this.#world;
    const { lost, mute, delay, jitter } = this.way;
    const fails = dice.percent(lost);
    const silent = dice.percent(mute);
    return new Promise((resolve, reject) => {
      if (silent) {
        this.counts.mute += 1;
        return;
      }
      this.#world.after(delay + dice.below(jitter + 1), () => {
        this.#world.awaited();
        if (!fails) return resolve();
        this.counts.lost += 1;
        reject(new Error("the call failed"));
      });
    });
  }

  #falsified(answer: string): string {
    const { dice } = this.#world;
    this.counts.lies += 1;
    const lie = dice.one(LIES);
    try {
      return lie(answer, (limit) => dice.below(limit), this.#overheard);
    } catch {
      // The answer is not of the form that this lie needs.
      return "[]";
    }
  }
}

type Lie = (
  answer: string,
  below: (limit: number) => number,
  overheard: readonly string[],
) => string;

type Parts = { -readonly [P in keyof WritAnswer["parts"][number]]: WritAnswer["parts"][number][P] };

/** Another answer whose first part is changed. */
function parted(answer: string, change: (part: Parts) => void): string {
  const read = JSON.parse(answer) as { view: number; parts: Parts[] };
  for (const part of read.parts.slice(0, 1)) change(part);
  return JSON.stringify(read);
}

/** Everything made anew but what only other seats can: their signatures. */
function forged(answer: string): string {
  return parted(answer, (part) => {
    const all = part.leaves.match(/.{64}/g) ?? [];
    part.outcomes = part.outcomes.map((text, at) => {
      const outcome = JSON.parse(text) as Outcome;
      const status = outcome.status === "accepted" ? "rejected" : "accepted";
      const reason = { code: "insufficient_stock", detail: "" };
      const made = canonical({ ...outcome, status, reason, changes: [] });
      all[part.index + at] = leafDigest(made);
      return made;
    });
    part.leaves = all.join("");
    part.result = { ...part.result, root: merkleRoot(all) };
    const { height, batch } = part.certificate;
    const result = resultDigest(part.result);
    const block = blockDigest(height, part.header.parent, batch, result);
    part.certificate = { ...part.certificate, result, block };
  });
}

const LIES: readonly Lie[] = [
  (answer) => forged(answer),
  () => "",
  () => "null",
  () => JSON.stringify({ view: 1_000_000, parts: [] }),
  (answer) => answer.replace("accepted", "rejected"),
  (answer) => answer.replace("rejected", "accepted"),
  (answer) => answer.replaceAll("onHand", "reserved"),
  (answer, below) => answer.slice(0, below(answer.length + 1)),
  (_, below, overheard) => overheard[below(Math.max(overheard.length, 1))] ?? "",
  (answer) => parted(answer, (part) => (part.index += 1)),
  (answer) => parted(answer, (part) => (part.outcomes = part.outcomes.toReversed())),
  (answer) => parted(answer, (part) => (part.outcomes = part.outcomes.slice(1))),
  (answer) => parted(answer, (part) => (part.firsts = [])),
  (answer) => parted(answer, (part) => (part.leaves = part.leaves.slice(64))),
  (answer) =>
    parted(answer, (part) => {
      const [signature] = part.certificate.signatures;
      const signatures = signature === undefined ? [] : [signature, signature, signature];
      part.certificate = { ...part.certificate, signatures };
    }),
  (answer) => parted(answer, (part) => (part.header = { ...part.header, time: 0 })),
  (answer, below) => {
    const entity = JSON.parse(answer) as EntityAnswer;
    const [height, version] = [entity.height + below(3), entity.version + below(2)];
    return JSON.stringify({ ...entity, height, version, since: entity.since + below(2) });
  },
  (answer) => JSON.stringify({ ...(JSON.parse(answer) as EntityAnswer), version: 0, state: null }),
  (answer) => {
    const status = JSON.parse(answer) as object;
    const claims = { ready: true, stage: "ready", published: 1_000_000, overloaded: true };
    return JSON.stringify({ ...status, ...claims });
  },
];
