/** What the deployment said while everything was sound, and what it says now. */
import { env } from "cloudflare:workers";
import type { Block } from "../../../objects/shared/types.ts";
import { wardenOf } from "../../../objects/shared/names.ts";
import { wardenStub } from "../../../objects/shared/shell/stubs.ts";
import { court, deployment, eventually, moved, received, settle } from "../deployment.ts";
import type { Answer } from "../deployment.ts";
import { ask, post } from "../worker.ts";

/** `missing`: told as unknown though it is there. */
export type Verdict = "same" | "refused" | "missing" | "wrong";

/** A question, and what is left of its answer when what may change is left out. */
interface Truth {
  readonly what: string;
  readonly ask: () => Promise<Response>;
  readonly essence: (body: never) => unknown;
  readonly text: string;
}

interface Event {
  readonly id: string;
  readonly source: string;
}
interface Told {
  readonly published?: boolean;
  readonly height?: number;
  readonly version?: number;
  readonly state?: { readonly onHand?: number };
}
interface Page {
  readonly items: readonly Told[];
}

const BLOCKS = 26;

/** Fills a fresh deployment with a bit of everything, and notes what it says of it. */
export async function truths(): Promise<{
  readonly all: readonly Truth[];
  readonly sources: readonly string[];
  /** `stock/a@w1` is to have so many more than it had, each by an event of its own. */
  readonly grow: (by: number) => void;
}> {
  let grown = 0;
  const sources = sourcesOfAll();
  const events = sample(sources);
  const answers: Answer[] = [];
  for (const event of events) answers.push(await settle(event));
  const rejected = answers.filter(({ status }) => status === "rejected").length;
  if (rejected !== 1) throw new Error(`${rejected} events of the sample were rejected, not 1`);
  await eventually(async () => {
    const { height, published } = await court();
    return published === height && height >= BLOCKS;
  });
  const questions = [
    ...(events as Event[]).map(({ id, source }) =>
      asked(`/v1/events/${id}?source=${encodeURIComponent(source)}`, (body: Told) =>
        unpublished(body),
      ),
    ),
    ...["stock/a@w1", "stock/b@w2", "reservation/r-1@a"].flatMap((entity) =>
      ["agreed", "local", "ledger"].map((consistency) =>
        asked(
          `/v1/entities/${entity}?consistency=${consistency}`,
          entity === "stock/a@w1" ? growing(() => grown, consistency === "local") : unmoved,
        ),
      ),
    ),
    asked(`/v1/events?limit=${events.length}`, ({ items }: Page) =>
      items.map((item) => unpublished(item)),
    ),
    asked("/v1/entities/stock/a@w1/history?limit=5", ({ items }: Page) => items),
    asked("/v1/entities?type=reservation", ({ items }: Page) => items),
    ...[1, 2, 9, 17, BLOCKS].map((height) => asked(`/v1/courts/0/blocks/${height}`, certified)),
    {
      what: "the same again",
      ask: () => post("/v1/events", events),
      essence: (elements: { replayed?: boolean }[]) =>
        elements.map((element) => without(element, "replayed")),
    },
  ];
  const all: Truth[] = [];
  for (const question of questions) {
    const response = await question.ask();
    const body = await response.json();
    if (response.status !== 200) throw new Error(`${question.what}: ${JSON.stringify(body)}`);
    all.push({ ...question, text: JSON.stringify(question.essence(body as never)) });
  }
  const grow = (by: number): void => {
    grown = by;
  };
  return { all, sources, grow };
}

export async function verdictOf({ ask: again, essence, text }: Truth): Promise<Verdict> {
  const response = await again();
  const body: unknown = await response.json();
  if (response.status === 404) return "missing";
  if (response.status >= 429) return "refused";
  if (response.status !== 200) return "wrong";
  const said = essence(body as never);
  if (JSON.stringify(said) === text) return "same";
  return lacking(said, JSON.parse(text)) ?? "wrong";
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

function asked<Body>(path: string, essence: (body: Body) => unknown) {
  return { what: path, ask: () => ask("GET", path), essence };
}

function unpublished(item: Told): object {
  return without(item, "published");
}

function unmoved(entity: Told): object {
  return without(entity, "height");
}

function without(told: object, name: string): object {
  return Object.fromEntries(Object.entries(told).filter(([each]) => each !== name));
}

/** As it was before it grew; a copy may be as old as any version since. */
function growing(grown: () => number, copy: boolean): (entity: Told) => object {
  let first: number | null = null;
  return (entity) => {
    const { version = 0, state } = entity;
    first ??= version;
    const by = copy ? Math.min(Math.max(version - first, 0), grown()) : grown();
    const onHand = (state?.onHand ?? 0) - by;
    return unmoved({ ...entity, version: version - by, state: { ...state, onHand } });
  };
}

/** Another quorum may have signed the same block. */
function certified({ header, entries, outcomes, result, certificate }: Block): unknown {
  return { header, entries, outcomes, result, block: certificate.block };
}

/** One for each Warden. */
function sourcesOfAll(): string[] {
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
export async function readmitted(warden: number): Promise<void> {
  await settle(received("before the loss", "z", 1, sourcesOfAll()[warden]));
  await wardenStub(env, deployment, warden).fault("wipe", 0);
  await eventually(async () => (await post(`/v1/wardens/${warden}/readmit`, {})).status === 202);
  await settle(received("after the loss", "z", 1, sourcesOfAll()[warden]));
}
