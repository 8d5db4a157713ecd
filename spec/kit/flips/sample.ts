/** A deployment with a bit of everything in it, and a book of all that was sent and what it came to. */
import { env } from "cloudflare:workers";
import { keyDigest } from "../../../objects/shared/digests.ts";
import { wardenOf } from "../../../objects/shared/names.ts";
import { wardenStub } from "../../../objects/shared/shell/stubs.ts";
import type { EntityAnswer } from "../../../objects/shared/rpc.ts";
import { court, deployment, eventually, moved, received, settle } from "../deployment.ts";
import type { Answer } from "../deployment.ts";
import { post } from "../worker.ts";

export interface Sent {
  readonly id: string;
  readonly source: string;
}
/** As a list has it. */
export interface Listed extends Answer {
  readonly first?: { readonly height: number; readonly index: number };
}
interface Version {
  readonly version: number;
  /** JSON. */
  readonly state: string;
  readonly since: number;
}

export const BLOCKS = 26;
export const ENTITIES = ["stock/a@w1", "stock/b@w2", "reservation/r-1@a"];
const SOUND = "as it was agreed";

/** Everything that was sent, and every version it made. */
export class Book {
  readonly sample: Sent[] = [];
  readonly #byKey = new Map<string, Sent>();
  readonly #byHeight = new Map<number, Sent>();
  readonly #idAt = new Map<string, string>();
  readonly #versions = new Map<string, Version[]>();
  readonly #answers = new Map<string, Answer>();
  #highest = 0;

  enter(event: object, answer: Answer): void {
    const { receipt, changes = [] } = answer;
    const sent = event as Sent;
    this.#answers.set(answer.id, answer);
    this.#byKey.set(keyDigest({ tenant: "dev", id: sent.id, source: sent.source }), sent);
    this.#byHeight.set(receipt.height, sent);
    this.#idAt.set(`${receipt.height}.${receipt.index}`, sent.id);
    for (const { entity, version, state } of changes) {
      const of = this.#versions.get(entity) ?? [];
      of.push({ version, state: JSON.stringify(state), since: receipt.height });
      this.#versions.set(entity, of);
    }
  }

  byKey(key: string): Sent | undefined {
    return this.#byKey.get(key);
  }

  /** The id of the event at a place of the ledger; empty for one that is none of the sample. */
  idAt(height: number, index: number): string {
    return this.#idAt.get(`${height}.${index}`) ?? "";
  }

  byHeight(height: number): Sent | undefined {
    return this.#byHeight.get(height);
  }

  /** Whether an event came to this, or this is that event met again. */
  knows(answer: Listed): boolean {
    const known = this.#answers.get(answer.id);
    if (known === undefined) return false;
    const { height, index } = known.receipt;
    const again = answer.first?.height === height && answer.first.index === index;
    return answer.status === "duplicate" ? again : coreOf(answer) === coreOf(known);
  }

  /** Whether this is not what an event of the sample first came to. */
  isLater({ id, status }: Answer): boolean {
    return status === "duplicate" || !this.sample.some((sent) => sent.id === id);
  }

  hasEntity(entity: string): boolean {
    return this.#versions.has(entity);
  }

  newest(entity: string): Version {
    const newest = this.#versions.get(entity)?.at(-1);
    if (newest === undefined) throw new Error(`${entity} was never made`);
    return newest;
  }

  /** Whether that is the newest version. */
  newestOf(entity: string, told: { version: number; state: object }): boolean {
    const { version, state } = this.newest(entity);
    return version === told.version && state === JSON.stringify(told.state);
  }

  /** Whether that is the version at that height. */
  versionOf(entity: string, told: { version: number; state: object; height: number }): boolean {
    this.#highest = Math.max(this.#highest, told.height);
    const at = this.#at(entity, told.height);
    return at?.version === told.version && at.state === JSON.stringify(told.state);
  }

  /** Of the heights that anybody spoke of since this was last asked. */
  highest(): number {
    const highest = this.#highest;
    this.#highest = 0;
    return highest;
  }

  /** Whether there was such a version. */
  wasMade(entity: string, told: { version: number; state: object }): boolean {
    const made = this.#versions.get(entity) ?? [];
    const text = JSON.stringify(told.state);
    return made.some(({ version, state }) => version === told.version && state === text);
  }

  /** What an object tells another: a word for what is right, null for anything else. */
  copyOf(entity: string, told: EntityAnswer): string | null {
    const { version, state, height, since } = told;
    const at = this.#at(entity, height);
    if (at === undefined || at.since !== since || state === null) return null;
    const right = this.versionOf(entity, { version, height, state: JSON.parse(state) as object });
    return right ? SOUND : null;
  }

  #at(entity: string, height: number): Version | undefined {
    return this.#versions.get(entity)?.findLast(({ since }) => since <= height);
  }
}

function coreOf({ id, status, reason, changes, receipt }: Answer): string {
  return JSON.stringify([id, status, reason, changes, receipt]);
}

/** Fills a fresh deployment. */
export async function filled(): Promise<Book> {
  const book = new Book();
  await readmitted(0, book);
  let rejected = 0;
  for (const event of sample(sourcesOfAll())) {
    const answer = await settle(event);
    book.enter(event, answer);
    book.sample.push(event as Sent);
    if (answer.status === "rejected") rejected += 1;
  }
  if (rejected !== 1) throw new Error(`${rejected} events of the sample were rejected, not 1`);
  await eventually(async () => {
    const { height, published } = await court();
    return published === height && height >= BLOCKS;
  });
  return book;
}

/** One for each Warden. */
export function sourcesOfAll(): string[] {
  const found = new Map<number, string>();
  for (let number = 0; found.size < deployment.wardens; number++) {
    const source = `/s${number}`;
    const warden = wardenOf(deployment, "dev", source);
    if (!found.has(warden)) found.set(warden, source);
  }
  return [...found.values()];
}

function sample(sources: readonly string[]): object[] {
  const [one = "/", other = "/"] = sources;
  const hold = { item: "a", warehouse: "w1", quantity: 2, reservation: "r-1", ttlSeconds: 86_400 };
  return [
    received("first", "a", 50, one),
    received("second", "b", 20, other),
    moved("third", "b", 5, other),
    { id: "fourth", source: one, type: "stock.reserved", data: hold },
    moved("fifth", "a", 1_000, one),
    ...Array.from({ length: BLOCKS - 5 }, (_, at) =>
      received(`more-${at}`, at % 2 === 0 ? "a" : "b", 1, at % 3 === 0 ? one : other),
    ),
  ];
}

/** A Warden that has lost its storage and is taken in again: a control event in the chain. */
async function readmitted(warden: number, book: Book): Promise<void> {
  const settled = async (id: string): Promise<void> => {
    const event = received(id, "z", 1, sourcesOfAll()[warden]);
    book.enter(event, await settle(event));
  };
  await settled("before-the-loss");
  await wardenStub(env, deployment, warden).fault("wipe", 0);
  await eventually(async () => (await post(`/v1/wardens/${warden}/readmit`, {})).status === 202);
  await settled("after-the-loss");
}
