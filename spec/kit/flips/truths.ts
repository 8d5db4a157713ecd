/** What the deployment said while everything was sound, and what it says now. */
import { env } from "cloudflare:workers";
import { clerkStub, registrarStub } from "../../../objects/shared/shell/stubs.ts";
import { verifier } from "../../../objects/shared/node/crypto.ts";
import type { EntityAnswer } from "../../../objects/shared/rpc.ts";
import type { Block, Certificate } from "../../../objects/shared/types.ts";
import { certificateValid } from "../../../objects/shared/verify.ts";
import { deployment, seatStatus } from "../deployment.ts";
import { ask, post } from "../worker.ts";
import type { Holder } from "./holders.ts";
import { eachOpen, lacking } from "./judgement.ts";
import type { From, Verdict } from "./judgement.ts";
import { BLOCKS, ENTITIES } from "./sample.ts";
import type { Book, Listed, Sent } from "./sample.ts";

/** A question, and what is left of its answer when what may change is left out. */
export interface Question {
  readonly what: string;
  readonly ask: () => Promise<Response>;
  readonly essence: (body: never) => unknown;
  readonly from: From;
  /** What is lacking where the answer is that there is no such thing. */
  readonly name?: string;
  /** Each element of the answer is one by itself, and may be refused alone. */
  readonly each?: boolean;
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
interface Seated {
  readonly mode: string;
  readonly quorum: number;
  readonly members: readonly { readonly seat: number; readonly publicKey: string }[];
}
interface ProvenAnswer {
  readonly published: boolean;
  readonly proof: {
    readonly certificate: Certificate;
    readonly controls: readonly { readonly header: object; readonly certificate: Certificate }[];
  };
}

/** Versions of a history. */
const FIRST = 5;
const CONSISTENCIES = ["agreed", "local", "ledger"] as const;
const verify = verifier();

/** What is asked whatever was turned. */
export function everything(book: Book, keys: readonly string[]): Question[] {
  const events = book.sample;
  // What came before and after the sample is left out where it is right.
  const listed = ({ items }: Page<Listed>): object[] =>
    items
      .filter((item) => !(book.isLater(item) && book.knows(item)))
      .map((item) => without(item, "published"));
  const first = (items: readonly Told[], entity: string): readonly Told[] =>
    items.filter((item) => item.version <= FIRST || !book.wasMade(entity, item));
  return [
    ...ENTITIES.flatMap((entity) =>
      CONSISTENCIES.map((consistency) => entityAsked(book, entity, consistency)),
    ),
    asked("ledger", `/v1/events?limit=${2 * events.length}`, listed),
    asked("ledger", `/v1/events?type=stock.moved`, listed),
    // Versions are numbered: that one is lacking shows.
    asked("all", `/v1/entities/stock/a@w1/history?limit=${FIRST}`, ({ items }: Page<Told>) =>
      first(items, "stock/a@w1"),
    ),
    // Of one version only: nothing shows that it is lacking.
    asked("ledger", `/v1/events?entity=stock/b@w2&limit=${FIRST}`, listed),
    asked("ledger", "/v1/entities?type=reservation", ({ items }: Page) => items),
    asked("all", "/v1/genesis", (body: object) => body),
    asked("all", "/v1/courts/0", ({ mode, quorum, members }: Seated) => ({
      mode,
      quorum,
      members: members.map(({ seat, publicKey }) => ({ seat, publicKey })),
    })),
    blockAsked(1, keys),
    blockAsked(BLOCKS, keys),
    {
      what: "the same again",
      ask: () => post("/v1/events", events),
      essence: (elements: object[]) => elements.map((element) => without(element, "replayed")),
      from: "all",
      each: true,
    },
  ];
}

/** An event by its key. */
export function lookedUp({ id, source }: Sent): Question {
  const path = `/v1/events/${id}?source=${encodeURIComponent(source)}`;
  return { ...asked("ledger", path, (body: object) => without(body, "published")), name: id };
}

/** The same with all that proves it. */
export function provenOf({ id, source }: Sent, keys: readonly string[]): Question {
  const path = `/v1/events/${id}?source=${encodeURIComponent(source)}&proof=1`;
  const essence = ({ proof, ...answer }: ProvenAnswer): object => ({
    ...without(answer, "published"),
    ...proof,
    certificate: signedBy(keys, proof.certificate),
    controls: proof.controls.map(({ header, certificate }) => ({
      header,
      certificate: signedBy(keys, certificate),
    })),
  });
  return { ...asked("ledger", path, essence), name: id };
}

export function sentAgain(event: Sent): Question {
  return {
    what: `${event.id} again`,
    ask: () => post("/v1/events", event),
    essence: (body: object) => body,
    from: "all",
  };
}

/** As a client is given it. */
export function blockAsked(height: number, keys: readonly string[]): Question {
  return asked("all", `/v1/courts/0/blocks/${height}`, certified(keys));
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
    return { what: `${name}: ${what}`, ask: () => overRpc(call), essence, from: "holder" };
  };
  const right = (names: readonly string[]) => (answers: readonly EntityAnswer[]) =>
    answers.flatMap((answer, at) => {
      const entity = names[at] ?? "";
      const never = answer.version === 0 && answer.state === null;
      return never ? [] : [{ entity, is: book.copyOf(entity, answer) ?? answer }];
    });
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
      : [
          {
            ...told(`block ${height}`, () => stub().block(height), certified(keys)),
            name: `block ${height}`,
          },
        ]),
  ];
}

export async function truthOf(question: Question): Promise<Truth> {
  const response = await question.ask();
  const body = await response.json();
  if (response.status !== 200) throw new Error(`${question.what}: ${JSON.stringify(body)}`);
  return { ...question, text: JSON.stringify(question.essence(body as never)) };
}

export async function verdictOf(truth: Truth): Promise<Verdict> {
  const response = await truth.ask();
  const text = await response.text();
  try {
    return verdictOn(truth, response.status, JSON.parse(text));
  } catch {
    // Of a shape that nothing right has.
    return { is: "wrong" };
  }
}

function verdictOn({ essence, text, name, each }: Truth, status: number, body: unknown): Verdict {
  if (status === 404 || body === null)
    return name === undefined ? { is: "wrong" } : { is: "less", lacks: [name] };
  if (status >= 429) return { is: "refused" };
  if (status !== 200) return { is: "wrong" };
  const said = essence(body as never);
  if (JSON.stringify(said) === text) return { is: "same" };
  const truth: unknown = JSON.parse(text);
  if (!Array.isArray(said) || !Array.isArray(truth)) return { is: "wrong" };
  if (each === true) return { is: eachOpen(said, truth) ? "refused" : "wrong" };
  const lacks = lacking(said, truth);
  return lacks === null ? { is: "wrong" } : { is: "less", lacks };
}

/** Public keys of the seats, by place. */
export async function keysOfSeats(): Promise<string[]> {
  const all = Array.from({ length: deployment.quorum.n }, (_, seat) => seatStatus(seat));
  return (await Promise.all(all)).map(({ publicKey }) => publicKey);
}

function asked(from: From, path: string, essence: Question["essence"]): Question {
  return { what: path, ask: () => ask("GET", path), essence, from };
}

/** Grows with every probe: what is right is the version that its height has. The Ledger may have lost the newest. */
function entityAsked(
  book: Book,
  entity: string,
  consistency: (typeof CONSISTENCIES)[number],
): Question {
  const path = `/v1/entities/${entity}?consistency=${consistency}`;
  const essence = (told: Told): object[] => {
    const { version, state, height } = told;
    const newest = consistency !== "agreed" || book.newestOf(entity, { version, state });
    const right = newest && book.versionOf(entity, { version, state, height });
    if (right) return [{ entity }];
    return consistency === "ledger" && book.wasMade(entity, told) ? [] : [{ entity, told }];
  };
  if (consistency !== "ledger") return asked("all", path, essence);
  return { ...asked("ledger", path, essence), name: entity };
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
  return ({ header, entries, outcomes, result, certificate }) => ({
    header,
    entries,
    outcomes,
    result,
    certificate: signedBy(keys, certificate),
  });
}

function signedBy(keys: readonly string[], certificate: Certificate): object {
  const signed = certificateValid(certificate, keys, deployment.quorum.q, verify);
  return { block: certificate.block, signed };
}

function without(told: object, name: string): object {
  return Object.fromEntries(Object.entries(told).filter(([each]) => each !== name));
}
