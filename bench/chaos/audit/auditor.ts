// The audit after a scenario: it goes on in the ledger where the one before ended, and believes only what it works out itself.
import type { Court } from "../../lib/contract.ts";
import type { Check } from "../../lib/verdict.ts";
import { isAtRest } from "../arena.ts";
import type { Arena } from "../arena.ts";
import { RECOVERY_MS } from "../field.ts";
import { historyFlaws } from "../check/history.ts";
import type { Write } from "../check/history.ts";
import { Record } from "../check/record.ts";
import type { Final } from "../check/record.ts";
import { Recount } from "../check/recount.ts";
import { keyOf, textOf } from "../check/types.ts";
import type { Outcome, Sent, Standing } from "../check/types.ts";
import type { Log } from "../load/log.ts";
import { blocksUpTo, each, entitiesOf, shown } from "./reads.ts";
import type { Entity } from "./reads.ts";
import { standingOf } from "./standing.ts";

/** Of stock, and of events, as many are asked for one by one. */
const ASKED = 300;

/** Counts are null where there was no audit. */
export interface Findings {
  readonly checks: readonly Check[];
  readonly lost: number | null;
  readonly doubled: number | null;
  readonly diverged: number | null;
  readonly height: number | null;
  /** On hand in all. */
  readonly stock: number | null;
}

interface Read {
  /** All entities, and some as agreed. */
  readonly listed: readonly Entity[];
  readonly agreed: readonly Entity[];
}

export class Auditor {
  readonly #arena: Arena;
  readonly #record = new Record();
  readonly #recount = new Recount();
  readonly #sent = new Map<string, Sent>();
  /** Effects of the system since the scenario began. */
  #system: Write[] = [];
  #height = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  async audit(log: Log): Promise<Findings> {
    for (const [key, { event }] of log.entries) this.#sent.set(key, event);
    const before = this.#versions();
    const recount: string[] = [];
    const { listed, agreed } = await this.#read(recount);
    const stock = this.#stockFlaws(listed, agreed);
    const { lost, doubled, diverged } = this.#record.judge(log.entries.values());
    const history = historyFlaws({ writes: this.#writes(log), reads: log.reads, before });
    const shownOther = await this.#shownFlaws(log);
    const apart = recount.length + stock.length + shownOther.length;
    return {
      checks: [
        { what: "nothing is lost: every answer stands in the ledger", wrong: lost },
        { what: "nothing is doubled: one outcome a key, and none unasked for", wrong: doubled },
        {
          what: "nothing diverged: every answer to a key is the same, and the ledger's",
          wrong: diverged,
        },
        { what: "every outcome is as recounted", wrong: recount },
        { what: "all stock is as recounted, in the ledger and as agreed", wrong: stock },
        { what: "every event is shown as it was answered", wrong: shownOther },
        { what: "the history is strictly serializable", wrong: history },
      ],
      lost: lost.length,
      doubled: doubled.length,
      diverged: diverged.length + apart,
      height: this.#height,
      stock: this.#recount.onHand(),
    };
  }

  /** Again while anything was decided meanwhile, such as an expiry. */
  async #read(recount: string[]): Promise<Read> {
    for (;;) {
      const { height } = await this.#rest();
      for await (const block of blocksUpTo(this.#arena, this.#height + 1, height)) {
        const standing = standingOf(block);
        this.#record.take(standing, (key) => this.#sent.get(key));
        recount.push(...this.#recount.apply(standing));
        this.#system.push(...systemWrites(standing));
        this.#height = standing.height;
      }
      const listed = await entitiesOf(this.#arena);
      const agreed = await this.#agreed();
      if ((await this.#rest()).height === this.#height) return { listed, agreed };
    }
  }

  /** Throws {@link Unmet} where they do not come to it. */
  #rest(): Promise<Court> {
    const what = "all seats vote at one height, and all of it is published";
    return this.#arena.until(what, isAtRest, RECOVERY_MS);
  }

  /** Stock as agreed, of what changes most. */
  async #agreed(): Promise<Entity[]> {
    const stock = [...this.#recount.entities].filter(([entity]) => entity.startsWith("stock/"));
    const busiest = stock.toSorted(([, a], [, b]) => b.version - a.version).slice(0, ASKED);
    const agreed: Entity[] = [];
    await each(busiest, async ([entity]) => {
      const came = (await shown(this.#arena, `/v1/entities/${entity}`)) as Entity | null;
      agreed.push(came ?? { entity, version: 0, state: null });
    });
    return agreed;
  }

  #versions(): Map<string, number> {
    return new Map([...this.#recount.entities].map(([entity, { version }]) => [entity, version]));
  }

  /** What clients were told of, and what came to pass by itself. */
  #writes(log: Log): Write[] {
    const told = [...log.entries.values()].flatMap(({ event, answers, invoked, answered }) => {
      const { receipt, changes = [] } = JSON.parse(answers[0] ?? "{}") as Partial<Final>;
      if (receipt === undefined) return [];
      const { height, index } = receipt;
      return [{ what: keyOf(event), invoked, answered, height, index, changes }];
    });
    return [...told, ...this.#system.splice(0)];
  }

  #stockFlaws(listed: readonly Entity[], agreed: readonly Entity[]): string[] {
    const { entities } = this.#recount;
    const known = new Set(listed.map(({ entity }) => entity));
    const missing = [...entities.keys()].filter((entity) => !known.has(entity));
    const other = (how: string, all: readonly Entity[]): string[] =>
      all.flatMap(({ entity, version, state }) => {
        const [came, wanted] = [textOf({ version, state }), textOf(entities.get(entity) ?? null)];
        return came === wanted ? [] : [`${entity} is ${how} ${came}, recounted ${wanted}`];
      });
    return [
      ...missing.map((entity) => `${entity} is not listed`),
      ...other("listed as", listed),
      ...other("agreed to be", agreed),
    ];
  }

  /** Some events as anybody asks for them. */
  async #shownFlaws(log: Log): Promise<string[]> {
    const flaws: string[] = [];
    const told = [...log.entries.values()];
    const step = Math.ceil(told.length / ASKED);
    const some = told.filter((_, index) => index % step === 0);
    await each(some, async ({ event: { id, source }, answers }) => {
      const query = `${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`;
      const now = (await shown(this.#arena, `/v1/events/${query}`)) as Final | null;
      const then = JSON.parse(answers[0] ?? "{}") as Final;
      const refused = then.receipt === undefined;
      if (refused ? now !== null : now === null || accountOf(now) !== accountOf(then))
        flaws.push(`${source} ${id} is shown as ${textOf(now)}`);
    });
    return flaws;
  }
}

function accountOf({ status, reason, changes, receipt }: Final): string {
  return textOf({ status, reason, changes, receipt });
}

function systemWrites({ height, events, outcomes }: Standing): Write[] {
  return outcomes.slice(0, outcomes.length - events.length).map((text, index) => {
    const { id, changes } = JSON.parse(text) as Outcome;
    return { what: id, invoked: null, answered: null, height, index, changes };
  });
}
