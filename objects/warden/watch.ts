/** What a Warden knows of one court: whether it can agree now, whether it is overloaded, how far it is published. */
import { LIMITS } from "../shared/limits.ts";
import type { Quorum } from "../shared/quorum.ts";
import type { SeatStatus } from "../shared/rpc.ts";
import {
  courtOverloaded,
  knowledgeStale,
  openness,
  publishedHeight,
  seatView,
} from "./core/openness.ts";
import type { Openness, SeatView } from "./core/openness.ts";
import { pause, within } from "../shared/clock.ts";
import type { Clock } from "../shared/clock.ts";
import type { Court } from "./ports.ts";

interface Seen {
  readonly view: SeatView;
  readonly published: number;
  readonly overloaded: boolean;
}

const UNASKED: Seen = { view: "waking", published: 0, overloaded: false };

export class Watch {
  readonly #court: Court;
  readonly #quorum: Quorum;
  readonly #clock: Clock;
  readonly #seats: Seen[];
  #decidedAt: number | null = null;
  #foundOpenAt: number | null = null;
  #askedAt = 0;
  #asking: Promise<boolean> | null = null;

  constructor(court: Court, quorum: Quorum, clock: Clock) {
    this.#court = court;
    this.#quorum = quorum;
    this.#clock = clock;
    this.#seats = Array.from({ length: quorum.n }, () => UNASKED);
  }

  get overloaded(): boolean {
    return courtOverloaded(
      this.#seats.map((seat) => seat.overloaded),
      this.#quorum.f,
    );
  }

  /** Highest height that enough seats say is attested in the Ledger. */
  get published(): number {
    return publishedHeight(
      this.#seats.map((seat) => seat.published),
      this.#quorum.r,
    );
  }

  /** For people, when the court is not open. */
  get detail(): string {
    const lost = this.#seats.filter((seat) => seat.view === "lost").length;
    return `${lost} of ${this.#quorum.n} seats are away; ${this.#quorum.q} must be ready`;
  }

  decided(): void {
    this.#decidedAt = this.#clock.now();
  }

  /** Whether it can agree, as far as is known without asking. */
  surelyOpen(undecidedSince: number | null): boolean {
    const knowledge = {
      decidedAt: this.#decidedAt,
      foundOpenAt: this.#foundOpenAt,
      undecidedSince,
    };
    return !knowledgeStale(knowledge, this.#clock.now());
  }

  /** Whether the court can agree now. Asks its seats where that is not known, and waits for those that are starting. */
  opened(undecidedSince: number | null): Promise<boolean> {
    if (!this.surelyOpen(undecidedSince)) return this.#ask();
    // Decisions tell that a court is open, not that it is overloaded or how far it is published.
    if (this.#clock.now() - this.#askedAt > LIMITS.courtKnownMs) void this.#ask();
    return Promise.resolve(true);
  }

  /** Asks every seat now, for `published`. */
  async refresh(): Promise<void> {
    await this.#ask();
  }

  #ask(): Promise<boolean> {
    this.#asking ??= this.#untilOpen().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #untilOpen(): Promise<boolean> {
    const deadline = this.#clock.now() + LIMITS.courtWaitMs;
    for (;;) {
      const found = await this.#poll();
      if (found === "open") this.#foundOpenAt = this.#clock.now();
      if (found !== "wait" || this.#clock.now() >= deadline) return found === "open";
      await pause(this.#clock, LIMITS.courtPollMs);
    }
  }

  /** Asks every seat; returns as soon as the answer cannot change any more. */
  #poll(): Promise<Openness> {
    this.#askedAt = this.#clock.now();
    const views: SeatView[] = this.#seats.map(() => "waking");
    let left = views.length;
    return new Promise((resolve) => {
      views.forEach((_, seat) => {
        void this.#askSeat(seat).then((view) => {
          views[seat] = view;
          left -= 1;
          const found = openness(views, this.#quorum.q);
          if (found !== "wait" || left === 0) resolve(found);
        });
      });
    });
  }

  async #askSeat(seat: number): Promise<SeatView> {
    const text = await within(this.#clock, LIMITS.statusMs, this.#court.status(seat));
    const seen = text === undefined ? undefined : seenIn(text);
    const before = this.#seats[seat] ?? UNASKED;
    this.#seats[seat] = seen ?? { ...before, view: "lost", overloaded: false };
    return seen?.view ?? "lost";
  }
}

/** Undefined when it is no SeatStatus: a seat that says nonsense counts as lost. */
function seenIn(text: string): Seen | undefined {
  try {
    const { ready, stage, published, overloaded } = JSON.parse(text) as SeatStatus;
    if (!Number.isSafeInteger(published)) return undefined;
    return { view: seatView({ ready, stage }), published, overloaded };
  } catch {
    return undefined;
  }
}
