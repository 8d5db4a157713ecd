/**
 * AnswerIsAgreed, SameKeySameAnswer, RealTimeOrder, NothingKeptOnRefusal, FreshAfterItsLife: what clients were told is what was agreed, and the one order of the
 * court is one that they could have seen.
 */
import type { LedgerEvent } from "../../../objects/shared/types.ts";
import { sha256 } from "./bytes.ts";
import { canonicalText } from "./bytes.ts";
import type { Decided, Line } from "./decided.ts";
import type { Fact, Told } from "../history.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";
import { tookItsKey } from "./validity.ts";

type Outcome = Extract<Told, { kind: "outcome" }>;
interface Answer {
  readonly event: string;
  readonly told: Outcome;
}
interface Place {
  readonly height: number;
  readonly index: number;
}

const before = (one: Place, other: Place): boolean =>
  one.height < other.height || (one.height === other.height && one.index < other.index);

export class Answers implements Part {
  readonly #retentionMs: number;
  readonly #court: number;
  readonly #chain: Decided[] = [];
  /** Of a height that no honest seat has told of yet: a certificate is an answer before anybody's block is. */
  readonly #early: Answer[] = [];
  /** By key: where what was told stands. */
  readonly #told = new Map<string, Place[]>();
  /** By event: the latest place that had been answered when it was first sent. */
  readonly #floors = new Map<string, Place>();
  /** By event: how often it was sent, and how often that came to nothing. */
  readonly #sent = new Map<string, { sent: number; refused: number }>();
  /** Events sent before some Warden lost what it knew. */
  readonly #unsure = new Set<string>();
  #latest: Place = { height: 0, index: 0 };
  /** Since the seats have forgotten all keys: the height then, and by key what was sent under it. */
  #forgotten: number | null = null;
  readonly #anew = new Map<string, Set<string>>();

  constructor({ retentionMs, court }: Options) {
    this.#retentionMs = retentionMs;
    this.#court = court;
  }

  readonly on = {
    forgotten: (): void => {
      this.#forgotten = this.#chain.length;
    },
    submitted: ({ event }: Extract<Fact, { kind: "submitted" }>): void => {
      if (this.#forgotten !== null) {
        const key = keyOf(event);
        this.#anew.set(key, (this.#anew.get(key) ?? new Set()).add(sameEvent(event)));
      }
      if (!this.#floors.has(event)) this.#floors.set(event, this.#latest);
      const { sent, refused } = this.#sent.get(event) ?? { sent: 0, refused: 0 };
      this.#sent.set(event, { sent: sent + 1, refused });
    },
    forgot: (): void => {
      for (const event of this.#sent.keys()) this.#unsure.add(event);
    },
    answered: ({ event, told }: Extract<Fact, { kind: "answered" }>): void => {
      if (told.kind === "refused" && told.code !== "key-reused") this.#refused(event, told.code);
      if (told.kind !== "unknown") this.#isFresh(event, told);
      if (told.kind !== "outcome") return;
      if (before(this.#latest, told)) this.#latest = { height: told.height, index: told.index };
      this.#answered({ event, told });
    },
  };

  block(decided: Decided): void {
    this.#chain.push(decided);
    for (const { submitted, index } of decided.lines) {
      if (submitted === null) continue;
      const place = { height: decided.height, index };
      const floor = this.#floors.get(submitted);
      must(
        floor === undefined || before(floor, place) || floor.height === 0,
        "RealTimeOrder",
        () =>
          `${place.height}/${index} was sent after ${floor?.height}/${floor?.index} was answered`,
      );
    }
    const early = this.#early.splice(0);
    for (const answer of early) this.#answered(answer);
  }

  end(settled: boolean): void {
    const [answer] = this.#early;
    must(
      !settled || answer === undefined,
      "AnswerIsAgreed",
      () => `told of height ${answer?.told.height}, which nobody agreed: ${answer?.event}`,
    );
    for (const { height, lines } of this.#chain) {
      for (const { submitted, index } of lines) {
        const { sent = 1, refused = 0 } = this.#sent.get(submitted ?? "") ?? {};
        must(
          refused < sent,
          "NothingKeptOnRefusal",
          () => `${height}/${index} was refused as often as it was sent: ${submitted}`,
        );
      }
    }
  }

  /** Of a call that died with what its Warden knew, the repetition within the same sending may come too late. */
  /** Of a key that everybody has forgotten only what was sent under it since may be told. */
  #isFresh(event: string, told: Exclude<Told, { kind: "unknown" }>): void {
    const since = this.#forgotten;
    if (since === null) return;
    const alone = (this.#anew.get(keyOf(event))?.size ?? 0) <= 1;
    const stale =
      told.kind === "outcome" ? told.height <= since : told.code === "key-reused" && alone;
    must(
      !stale,
      "FreshAfterItsLife",
      () =>
        `after height ${since} all keys had ended, and ${event} was told ${JSON.stringify(told)}`,
    );
  }

  #refused(event: string, code: string): void {
    if (code === "too-old" && this.#unsure.has(event)) return;
    const { sent, refused } = this.#sent.get(event) ?? { sent: 0, refused: 0 };
    this.#sent.set(event, { sent, refused: refused + 1 });
  }

  #answered(answer: Answer): void {
    const { event, told } = answer;
    const { height, index } = told;
    const decided = this.#chain[height - 1];
    if (decided === undefined) {
      this.#early.push(answer);
      return;
    }
    const line = decided.lines[index];
    const wrong =
      line === undefined ? "there is no such outcome" : this.#wrong(answer, decided, line);
    must(wrong === null, "AnswerIsAgreed", () => `told ${height}/${index} of ${event}: ${wrong}`);
    this.#sameAnswer(event, { height, index });
  }

  /** What is wrong with an answer that names this outcome, or null. */
  #wrong({ event, told }: Answer, decided: Decided, line: Line): string | null {
    const { block, digest, time } = decided;
    const { outcome, text, index } = line;
    if (told.block !== digest) return `the block is ${digest}`;
    if (told.outcome !== sha256(`\u0000${text}`)) return `the outcome is ${text}`;
    if (sameEvent(event) !== (line.submitted === null ? null : sameEvent(line.submitted)))
      return `the event is ${line.submitted}`;
    if (!tookItsKey(line)) return "the outcome is a repetition itself";
    const { id, source, type, status, changes, reason } = outcome;
    const receipt = {
      court: this.#court,
      height: decided.height,
      index,
      streamTime: new Date(time).toISOString(),
      domainVersion: block.header.domainVersion,
      block: digest,
      outcome: told.outcome,
    };
    const result = status === "accepted" ? { changes } : { reason };
    const body = canonicalText({ id, source, type, status, ...result, receipt });
    return told.body === body ? null : `the text is ${body}`;
  }

  /** Another place for a key is another use of it, after the first had ended. */
  #sameAnswer(event: string, place: Place): void {
    const key = keyOf(event);
    const told = this.#told.get(key) ?? [];
    const known = told.some(
      ({ height, index }) => height === place.height && index === place.index,
    );
    if (known) return;
    for (const other of told) {
      const [one, two] = [place, other].map(({ height }) => this.#chain[height - 1]?.time ?? 0);
      must(
        Math.abs((one ?? 0) - (two ?? 0)) > this.#retentionMs,
        "SameKeySameAnswer",
        () => `${event} was told ${other.height}/${other.index} and ${place.height}/${place.index}`,
      );
    }
    this.#told.set(key, [...told, place]);
  }
}

function keyOf(event: string): string {
  const { tenant, source, id } = JSON.parse(event) as LedgerEvent;
  return JSON.stringify([tenant, source, id]);
}

/** What makes two events the same: not when they were sent. */
function sameEvent(text: string): string {
  const { sentat: _, ...event } = JSON.parse(text) as LedgerEvent;
  return canonicalText(event);
}
