/** What the deployment said while everything was sound, and what it says now. */
import { env } from "cloudflare:workers";
import { clerkStub, registrarStub } from "../../../objects/shared/shell/stubs.ts";
import { verifier } from "../../../objects/shared/node/crypto.ts";
import type { EntityAnswer } from "../../../objects/shared/rpc.ts";
import type { Block } from "../../../objects/shared/types.ts";
import { certificateValid } from "../../../objects/shared/verify.ts";
import { deployment, seatStatus } from "../deployment.ts";
import { ask, post } from "../worker.ts";
import type { Holder } from "./holders.ts";
import { BLOCKS, ENTITIES } from "./sample.ts";
import type { Book, Listed, Sent } from "./sample.ts";

/** `missing`: told as unknown though it is there. */
export type Verdict = "same" | "refused" | "missing" | "wrong";

/** A question, and what is left of its answer when what may change is left out. */
export interface Question {
  readonly what: string;
  readonly ask: () => Promise<Response>;
  readonly essence: (body: never) => unknown;
}
export interface Truth extends Question {
  readonly text: string;
}

interface Told {
  readonly version: number;
  readonly height: number;
  readonly state: object;
}
interface Page<Item = object> {
  readonly items: readonly Item[];
}

/** Versions of a history. */
const FIRST = 5;
const CONSISTENCIES = ["agreed", "local", "ledger"] as const;
const verify = verifier();

/** What is asked whatever was turned. */
export function everything(book: Book, keys: readonly string[]): Question[] {
  const events = book.sample;
  return [
    ...ENTITIES.flatMap((entity) =>
      CONSISTENCIES.map((consistency) => entityAsked(book, entity, consistency)),
    ),
    // Where one is not there, the page ends with a later one, which must be right too.
    asked(`/v1/events?limit=${events.length}`, ({ items }: Page<Listed>) =>
      items
        .filter((item) => !(book.isLater(item) && book.knows(item)))
        .map((item) => without(item, "published")),
    ),
    asked(`/v1/entities/stock/a@w1/history?limit=${FIRST}`, ({ items }: Page<Told>) =>
      items.filter((item) => item.version <= FIRST || !book.wasMade("stock/a@w1", item)),
    ),
    asked("/v1/entities?type=reservation", ({ items }: Page) => items),
    blockAsked(1, keys),
    blockAsked(BLOCKS, keys),
    {
      what: "the same again",
      ask: () => post("/v1/events", events),
      essence: (elements: object[]) => elements.map((element) => without(element, "replayed")),
    },
  ];
}

/** An event by its key. */
export function lookedUp({ id, source }: Sent): Question {
  const path = `/v1/events/${id}?source=${encodeURIComponent(source)}`;
  return asked(path, (body: object) => without(body, "published"));
}

export function sentAgain(event: Sent): Question {
  return {
    what: `${event.id} again`,
    ask: () => post("/v1/events", event),
    essence: (body: object) => body,
  };
}

/** As a client is given it. */
export function blockAsked(height: number, keys: readonly string[]): Question {
  return asked(`/v1/courts/0/blocks/${height}`, certified(keys));
}

/** What the holder itself says to the other objects, each of which would believe no more than that one seat says so. */
export function saidBy(
  { kind, number, name }: Holder,
  { height, entities }: { readonly height: number | null; readonly entities: readonly string[] },
  book: Book,
  keys: readonly string[],
): Question[] {
  const told = (
    what: string,
    call: () => Promise<string>,
    essence: Question["essence"],
  ): Question => {
    return { what: `${name}: ${what}`, ask: () => overRpc(call), essence };
  };
  // That it never existed is left out.
  const right = (names: readonly string[]) => (answers: readonly EntityAnswer[]) =>
    answers.flatMap((answer, at) =>
      answer.version === 0 && answer.state === null
        ? []
        : [book.copyOf(names[at] ?? "", answer) ?? { entity: names[at], ...answer }],
    );
  if (kind === "registrar") {
    const stub = () => registrarStub(env, deployment, { court: 0, seat: number, shard: 0 });
    return entities.map((entity) =>
      told(entity, async () => `[${await stub().read(`dev/${entity}`)}]`, right([entity])),
    );
  }
  if (kind !== "seat") return [];
  const stub = () => clerkStub(env, deployment, 0, number);
  return [
    told(
      `rows ${entities.join(" ")}`,
      () => stub().rows(entities.map((entity) => `dev/${entity}`)),
      right(entities),
    ),
    ...(height === null
      ? []
      : [told(`block ${height}`, () => stub().block(height), certified(keys))]),
  ];
}

export async function truthOf(question: Question): Promise<Truth> {
  const response = await question.ask();
  const body = await response.json();
  if (response.status !== 200) throw new Error(`${question.what}: ${JSON.stringify(body)}`);
  return { ...question, text: JSON.stringify(question.essence(body as never)) };
}

export async function verdictOf({ ask: again, essence, text }: Truth): Promise<Verdict> {
  const response = await again();
  const body: unknown = await response.json();
  if (response.status === 404 || body === null) return "missing";
  if (response.status >= 429) return "refused";
  if (response.status !== 200) return "wrong";
  const said = essence(body as never);
  if (JSON.stringify(said) === text) return "same";
  return lacking(said, JSON.parse(text)) ?? "wrong";
}

/** Public keys of the seats, by place. */
export async function keysOfSeats(): Promise<string[]> {
  const all = Array.from({ length: deployment.quorum.n }, (_, seat) => seatStatus(seat));
  return (await Promise.all(all)).map(({ publicKey }) => publicKey);
}

/** Of a list what is there may be right, or each be refused or told, while some are not there. */
function lacking(said: unknown, truth: unknown): Verdict | null {
  if (!Array.isArray(said) || !Array.isArray(truth)) return null;
  const texts = truth.map((each) => JSON.stringify(each));
  const others = (said as { status?: string }[]).filter(
    (each) => !texts.includes(JSON.stringify(each)),
  );
  if (others.length === 0) return "missing";
  const open = others.every(({ status }) => status === "pending" || status === "refused");
  return open && said.length === truth.length ? "refused" : null;
}

function asked(path: string, essence: Question["essence"]): Question {
  return { what: path, ask: () => ask("GET", path), essence };
}

/** Grows with every probe: what is right is the version that its height has. The Ledger may have lost the newest. */
function entityAsked(book: Book, entity: string, consistency: string): Question {
  return asked(`/v1/entities/${entity}?consistency=${consistency}`, (told: Told) => {
    const { version, state, height } = told;
    const right =
      consistency === "agreed"
        ? book.newestOf(entity, { version, state })
        : book.versionOf(entity, { version, state, height });
    if (right !== null) return [right];
    return consistency === "ledger" && book.wasMade(entity, told) ? [] : [told];
  });
}

/** Whatever throws across objects is a refusal: no answer was given. */
async function overRpc(call: () => Promise<string>): Promise<Response> {
  try {
    return new Response(await call());
  } catch {
    return new Response("{}", { status: 503 });
  }
}

/** Another quorum may have signed the same block. */
function certified(keys: readonly string[]): (block: Block) => unknown {
  return (block) => {
    const { header, entries, outcomes, result, certificate } = block;
    const signed = certificateValid(certificate, keys, deployment.quorum.q, verify);
    return { header, entries, outcomes, result, block: certificate.block, signed };
  };
}

function without(told: object, name: string): object {
  return Object.fromEntries(Object.entries(told).filter(([each]) => each !== name));
}
