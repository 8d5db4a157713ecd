/** A contender of the load bench that keeps everything in memory, over HTTP, and may be planted with a flaw. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Contender } from "../../bench/load/contenders/contender.ts";
import { plainAnswers, plainPosted, plainStock } from "../../bench/load/contenders/plain.ts";
import { isSame } from "../../bench/load/movement.ts";
import type { Answer, Movement, Status } from "../../bench/load/movement.ts";

export type Planted =
  | "none"
  /** An id counts as often as it comes. */
  | "doubles"
  /** What comes again is told to be new. */
  | "forgets"
  /** An id with another movement is answered as the first was. */
  | "ignores"
  /** More is had than there is. */
  | "oversells"
  /** Every seventh accepted movement changes nothing. */
  | "loses"
  /** Answers in another order. */
  | "confuses"
  /** Every fifth request is done, and answered with an error. */
  | "stumbles"
  /** A request of a single movement is refused. */
  | "refuses";

export class Shelf {
  readonly #planted: Planted;
  readonly #stock = new Map<string, number>();
  readonly #kept = new Map<string, { readonly movement: Movement; readonly status: Status }>();
  #requests = 0;
  #accepted = 0;

  constructor(planted: Planted) {
    this.#planted = planted;
  }

  handle(path: string, body: string): { readonly status: number; readonly text: string } {
    if (path === "/stock") {
      const items = JSON.parse(body) as string[];
      const found = items.map((item) => [item, this.#stock.get(item) ?? 0] as const);
      return { status: 200, text: JSON.stringify(Object.fromEntries(found)) };
    }
    const sent = JSON.parse(body) as Movement[];
    const prepared = sent.every(({ id }) => id.endsWith(".prepared"));
    if (this.#planted === "refuses" && sent.length === 1) return { status: 503, text: "no" };
    const answers = sent.map((movement) => this.#apply(movement));
    this.#requests += 1;
    if (this.#planted === "stumbles" && !prepared && this.#requests % 5 === 0)
      return { status: 500, text: "done, and not told" };
    return {
      status: 200,
      text: JSON.stringify(this.#planted === "confuses" ? answers.toReversed() : answers),
    };
  }

  #apply(movement: Movement): Answer {
    const { id, item, delta } = movement;
    const kept = this.#kept.get(id);
    if (kept !== undefined && this.#planted !== "doubles") {
      const same = this.#planted === "ignores" || isSame(kept.movement, movement);
      const replayed = this.#planted !== "forgets";
      return { id, status: same ? kept.status : "conflict", replayed };
    }
    const onHand = (this.#stock.get(item) ?? 0) + delta;
    const accepted = onHand >= (this.#planted === "oversells" ? -5 : 0);
    const status = accepted ? "accepted" : "rejected";
    this.#kept.set(id, { movement, status });
    if (accepted) this.#accepted += 1;
    const lost = this.#planted === "loses" && this.#accepted % 7 === 0;
    if (accepted && !lost) this.#stock.set(item, onHand);
    return { id, status, replayed: false };
  }
}

export function shelfContender(planted: Planted, most = 1000): Contender {
  const flags = { idempotent: true, tellsReuse: true, nonNegative: true, durable: false };
  return {
    name: "shelf",
    title: "a shelf in memory",
    semantics: { ...flags, replicas: 1 },
    lacks: "durability",
    most,
    missing: () => Promise.resolve(null),
    start: async () => {
      const shelf = new Shelf(planted);
      const server = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.on("end", () => {
          const { status, text } = shelf.handle(request.url ?? "", Buffer.concat(parts).toString());
          response.writeHead(status, { "content-type": "application/json" }).end(text);
        });
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return {
        url,
        pid: process.pid,
        versions: { shelf: "1" },
        posted: (movements) => plainPosted("/movements", movements),
        answers: plainAnswers,
        stock: (items) => plainStock(`${url}/stock`, items),
        stop: () =>
          new Promise<void>((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      };
    },
  };
}
