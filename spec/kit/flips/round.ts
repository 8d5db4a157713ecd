/** One byte: turned, asked about, put back. */
import { env } from "cloudflare:workers";
import { wardenOf } from "../../../objects/shared/names.ts";
import { keyDigest } from "../../../objects/shared/digests.ts";
import { clerkStub } from "../../../objects/shared/shell/stubs.ts";
import {
  deployment,
  eventually,
  fault,
  received,
  seatStatus,
  settle,
  submit,
} from "../deployment.ts";
import type { Stock } from "../deployment.ts";
import type { Dice } from "../dice.ts";
import { verified } from "../outsider.ts";
import { described, drawFlip, standsTurned, tablesOf, toFlip, toRestore } from "./cells.ts";
import type { Flip, Row } from "./cells.ts";
import { holders } from "./holders.ts";
import type { Holder } from "./holders.ts";
import { summed } from "./judgement.ts";
import type { Loss, Told } from "./judgement.ts";
import { ENTITIES, filled, sourcesOfAll } from "./sample.ts";
import type { Book, Sent } from "./sample.ts";
import {
  blockAsked,
  everything,
  keysOfSeats,
  lookedUp,
  provenOf,
  saidBy,
  sentAgain,
  truthOf,
  verdictOf,
} from "./truths.ts";
import type { Question, Truth } from "./truths.ts";

export interface Judged {
  readonly holder: Holder;
  readonly flip: Flip;
  readonly wrong: readonly string[];
  readonly refused: number;
  /** Answers that lacked what the row said: by the Ledger, or by the holder to others, who do not take that from one alone. */
  readonly less: number;
  /** What the seats noted. */
  readonly incidents: readonly string[];
  /** Whether the value was another one before it was put back. */
  readonly replaced: boolean;
}

/** What an object that is ended notes anyway. */
const USUAL = ["view-change", "recovery"];

const PROBED = "stock/a@w1";

const seats = Array.from({ length: deployment.quorum.n }, (_, seat) => seat);

export class Rounds {
  readonly #dice: Dice;
  readonly #book: Book;
  readonly #keys: readonly string[];
  readonly #everything: readonly Truth[];
  readonly #about = new Map<string, Truth>();
  readonly #holders = holders();
  /** Highest id of an incident that each seat has told. */
  readonly #since: number[] = [];
  #probes = 0;

  private constructor(dice: Dice, book: Book, keys: readonly string[], truths: readonly Truth[]) {
    this.#dice = dice;
    this.#book = book;
    this.#keys = keys;
    this.#everything = truths;
  }

  static async begun(dice: Dice): Promise<Rounds> {
    const book = await filled();
    await sound();
    const keys = await keysOfSeats();
    const truths = await Promise.all(everything(book, keys).map(truthOf));
    const rounds = new Rounds(dice, book, keys, truths);
    await rounds.#noted();
    return rounds;
  }

  /** Kinds of tables, each with everybody who has one, whether there is anything in it or not. */
  async tables(): Promise<Map<string, Holder[]>> {
    const found = new Map<string, Holder[]>();
    for (const holder of this.#holders)
      for (const table of await tablesOf(holder)) {
        const name = kindOf(holder, table);
        const of = found.get(name) ?? [];
        if (!of.includes(holder)) found.set(name, [...of, holder]);
      }
    return found;
  }

  /** A byte of a table of that kind; null where the row drawn has none. */
  async judged(kind: string, among: readonly Holder[]): Promise<Judged | null> {
    const holder = this.#dice.one(among);
    const tables = (await tablesOf(holder)).filter((table) => kindOf(holder, table) === kind);
    if (tables.length === 0) return null;
    const flip = await drawFlip(holder, this.#dice.one(tables), this.#dice);
    if (flip === null) return null;
    const event = this.#eventOf(flip);
    const truths = await this.#truthsAbout(holder, flip, event);
    // Another row may have that key.
    const turned = await holder.write([toFlip(flip)]).catch(() => "refused");
    if (turned === "refused") return null;
    // It may have been written over, or be gone with its row, before it was turned or since.
    if (!(await standsTurned(holder, flip))) return null;
    await holder.evict();
    const told = await this.#verdicts(holder, event, truths);
    const far = await this.#tooFar(holder);
    const probe = this.#probe();
    // Whoever finds that it cannot be right may refuse, and must serve again when it is.
    const refusal = (await submit(probe)).status !== 200;
    const replaced = !(await standsTurned(holder, flip));
    await restored(holder, flip);
    const lost = await this.#settled(probe);
    await sound().catch((error: unknown) => {
      throw new Error(`${holder.name}, ${described(flip)}`, { cause: error });
    });
    const incidents = (await this.#noted()).filter((noted) => !USUAL.includes(noted));
    const { wrong, refused, less } = summed(told, lossOf(holder, flip, this.#book));
    return {
      holder,
      flip,
      wrong: [...wrong, ...far, ...lost],
      refused: refused + (refusal ? 1 : 0),
      less,
      incidents,
      replaced,
    };
  }

  /** What is wrong once all is as it was, for an outsider who believes nobody. */
  async flaws(): Promise<readonly object[]> {
    return (await verified()).flaws.listed;
  }

  /** What the row is about, or any event. */
  #eventOf({ row }: Flip): Sent {
    const { key, height, event } = row;
    const text = typeof event === "string" ? (JSON.parse(event) as Sent) : null;
    const named = this.#book.byKey(text === null ? String(key) : keyOf(text));
    return named ?? this.#book.byHeight(Number(height)) ?? this.#dice.one(this.#book.sample);
  }

  /** Everything that depends on the row in particular, while it is sound. */
  async #truthsAbout(holder: Holder, { row }: Flip, event: Sent): Promise<Truth[]> {
    const height = await this.#heightOf(row["height"]);
    const all = [
      lookedUp(event),
      sentAgain(event),
      provenOf(event, this.#keys),
      ...(height === null ? [] : [blockAsked(height, this.#keys)]),
      ...saidBy(
        holder,
        { height, entities: this.#entitiesWith(row["key"]) },
        this.#book,
        this.#keys,
      ),
    ];
    return Promise.all(all.map((question) => this.#remembered(question)));
  }

  #entitiesWith(key: unknown): string[] {
    const named = typeof key === "string" ? key.replace(/^dev\//, "") : "";
    return [...new Set([...ENTITIES, ...(this.#book.hasEntity(named) ? [named] : [])])];
  }

  async #remembered(question: Question): Promise<Truth> {
    const known = this.#about.get(question.what) ?? (await truthOf(question));
    this.#about.set(question.what, known);
    return known;
  }

  /** A height there is a block of. */
  async #heightOf(value: unknown): Promise<number | null> {
    if (typeof value !== "number" || value < 1) return null;
    return value <= (await seatStatus(0)).height ? value : null;
  }

  async #verdicts(holder: Holder, event: Sent, about: readonly Truth[]): Promise<Told[]> {
    // What its Warden still knows, neither a seat nor the Ledger is asked for.
    if (holder.kind === "seat" || holder.kind === "ledger") await this.#forgotten(event);
    const judge = async (truth: Truth): Promise<Told> => [truth, await verdictOf(truth)];
    const [lookup, ...others] = about;
    const first = lookup === undefined ? [] : [await judge(lookup)];
    return [...first, ...(await Promise.all([...others, ...this.#everything].map(judge)))];
  }

  async #forgotten({ id, source }: Sent): Promise<void> {
    const number = wardenOf(deployment, "dev", source);
    const warden = this.#holders.find((each) => each.kind === "warden" && each.number === number);
    if (warden === undefined) throw new Error(`there is no Warden ${number}`);
    const settled = (await tablesOf(warden)).filter((table) => table.startsWith("settled_"));
    await warden.write(
      settled.map((table) => ({
        sql: `DELETE FROM "${table}" WHERE key = ?`,
        bound: [keyOf({ id, source })],
      })),
    );
    await warden.evict();
  }

  #probe(): Sent {
    this.#probes += 1;
    const source = this.#dice.one(sourcesOfAll());
    return received(`probe-${this.#probes}`, "a", 1, source) as Sent;
  }

  /** Nobody may have spoken of a height that the others have not reached. */
  async #tooFar(holder: Holder): Promise<string[]> {
    const others = seats.filter((seat) => holder.kind !== "seat" || seat !== holder.number);
    const all = await Promise.all(others.map((seat) => seatStatus(seat)));
    const reached = Math.max(...all.map(({ height }) => height));
    const highest = this.#book.highest();
    return highest > reached ? [`height ${highest} was told where ${reached} was reached`] : [];
  }

  /** It must have come to exactly one more than there was. */
  async #settled(probe: Sent): Promise<string[]> {
    const before = this.#book.newest(PROBED);
    const answer = await settle(probe);
    this.#book.enter(probe, answer);
    const { onHand, reserved } = JSON.parse(before.state) as Stock;
    const state = { onHand: onHand + 1, reserved };
    const right = [{ entity: PROBED, state, version: before.version + 1 }];
    const come = JSON.stringify([answer.id, answer.status, answer.changes]);
    const due = JSON.stringify([probe.id, "accepted", right]);
    return come === due ? [] : [`a probe came to ${come} and not ${due}`];
  }

  /** What any seat has noted since it was last asked. */
  async #noted(): Promise<string[]> {
    const all = await Promise.all(
      seats.map(async (seat) => {
        const since = this.#since[seat] ?? 0;
        const text = await clerkStub(env, deployment, 0, seat).incidents(since);
        const found = JSON.parse(text) as { id: number; kind: string }[];
        this.#since[seat] = Math.max(since, ...found.map(({ id }) => id));
        return found.map(({ kind }) => kind);
      }),
    );
    return all.flat();
  }
}

/** What may be lacking while a byte is another: what its row said, where one holder alone tells it. */
function lossOf({ kind }: Holder, { table, row }: Flip, book: Book): Loss {
  const from = kind === "ledger" ? "ledger" : "holder";
  return { from, names: namesIn(`${kind} ${table}`, row, book) };
}

function namesIn(table: string, row: Row, book: Book): string[] {
  if (table === "ledger events") return [(JSON.parse(String(row["outcome"])) as Sent).id];
  if (table === "ledger entity_versions")
    // The version, and the event that made it.
    return [String(row["entity"]), book.idAt(Number(row["height"]), Number(row["idx"]))];
  if (table === "seat entities") return [String(row["key"]).replace(/^dev\//, "")];
  return table === "seat blocks" ? [`block ${row["height"]}`] : [];
}

/** Numbered tables are of one kind. */
export function kindOf({ kind }: Holder, table: string): string {
  return `${kind} ${table.replace(/_\d+$/, "_N")}`;
}

function keyOf({ id, source }: Sent): string {
  return keyDigest({ tenant: "dev", id, source });
}

/** Put back, and nowhere left. */
async function restored(holder: Holder, flip: Flip): Promise<void> {
  await holder.write(toRestore(flip)).catch((error: unknown) => {
    // Its table has been dropped whole.
    if (!String(error).includes("no such table")) throw error;
  });
  if (await standsTurned(holder, flip)) throw new Error("a turned byte was not put back");
  await holder.evict();
}

/** Every seat is ready, at one height, and all of it published; one that waits for an operator is healed, once. */
async function sound(): Promise<void> {
  const healed = new Set<number>();
  let last = "";
  try {
    await eventually(async () => {
      const all = await Promise.all(seats.map((seat) => seatStatus(seat)));
      last = JSON.stringify(
        all.map(({ stage, height, published, reason }) => [stage, height, published, reason]),
      );
      const height = Math.max(...all.map((status) => status.height));
      for (const { stage, seat } of all) {
        // Each time would end the life in which it mends itself.
        if (stage !== "quarantined" || healed.has(seat)) continue;
        healed.add(seat);
        await fault(seat, "heal");
      }
      return all.every(
        (status) => status.ready && status.height === height && status.published === height,
      );
    });
  } catch (error) {
    throw new Error(`the court is not as it was: ${last}`, { cause: error });
  }
}
