/** The client: `fetch` alone, in Node 20 and later, Workers and browsers. */
import { AssizeError } from "./errors.ts";
import { ask, outOfContract } from "./http.ts";
import type { Exchanged } from "./http.ts";
import { STREAM, durationOf, settingsOf } from "./options.ts";
import type { ClientOptions, Settings } from "./options.ts";
import { streamed } from "./stream.ts";
import type { Streamed } from "./stream.ts";
import { Submitter } from "./submitter.ts";
import type {
  EntityDocument,
  EventDocument,
  EventMap,
  Json,
  Outcome,
  Submission,
  VersionDocument,
} from "./types.ts";
import { verified } from "./verify/proof.ts";
import type { Verification } from "./verify/proof.ts";

export interface Asked {
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's. */
  readonly deadlineMs?: number | undefined;
}

export interface PageOptions extends Asked {
  /** Go on behind this cursor or version. */
  readonly after?: string | undefined;
  /** Items of one request, up to 1,000: not of the whole listing, which is read page by page. */
  readonly pageSize?: number | undefined;
}

export interface StreamOptions {
  /** Default 0. */
  readonly court?: number | undefined;
  /** `<height>.<index>`: begin behind it. Without it, with the first that was published. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long to try to connect again after a cut. Default 60,000. */
  readonly deadlineMs?: number | undefined;
  /** Default 45,000: three heartbeats. */
  readonly silenceMs?: number | undefined;
  readonly onCut?: ((why: string) => void) | undefined;
}

/** By which an event is looked up. */
export interface EventKey {
  readonly id: string;
  readonly source?: string | undefined;
}

export class AssizeClient<Events extends EventMap<Events> = { readonly [type: string]: object }> {
  readonly #settings: Settings;
  readonly #pinned: ClientOptions["pinned"];
  readonly #submitter: Submitter;

  /** Throws {@link AssizeError} `misconfigured`. */
  constructor(options: ClientOptions) {
    this.#settings = settingsOf(options);
    this.#pinned = options.pinned;
    const { access, bounds, newId } = this.#settings;
    this.#submitter = new Submitter(access, bounds, newId);
  }

  /**
   * What the event came to, however often it has to be sent. Events are gathered into requests; where the queue is full it waits for room.
   * Throws {@link AssizeError}: the server's problem, or `deadline`, `aborted`, `closed`, `queue-full`.
   */
  async submit(event: Submission<Events>, asked: Asked = {}): Promise<Outcome> {
    const { signal } = asked;
    const deadlineMs = durationOf("deadlineMs", asked.deadlineMs, this.#settings.deadlineMs);
    return this.#submitter.submit(event, { deadlineMs, signal });
  }

  /** Comes once a submission would not have to wait for room: for loops that submit without awaiting each outcome. */
  room(): Promise<void> {
    return this.#submitter.room();
  }

  /** Comes once everything submitted so far is over; none of it waits for company. */
  flush(): Promise<void> {
    return this.#submitter.flush();
  }

  /** Ends what is not over with `closed`. Reads and streams go on. */
  close(): void {
    this.#submitter.close();
  }

  /** An entity's state, null if it never existed. `consistency` is `agreed` (default), `local` or `ledger`. */
  async read<State = Json>(
    entity: string,
    asked: Asked & { readonly consistency?: "agreed" | "local" | "ledger" | undefined } = {},
  ): Promise<EntityDocument<State> | null> {
    const { consistency } = asked;
    return this.#one(`/v1/entities/${entityPath(entity)}${queryOf({ consistency })}`, asked);
  }

  /** Every version of an entity, oldest first, with the event that made it. */
  history<State = Json>(
    entity: string,
    asked: PageOptions = {},
  ): AsyncGenerator<VersionDocument<State>, void> {
    return this.#pages(`/v1/entities/${entityPath(entity)}/history`, {}, asked);
  }

  /** Entities by name, as the ledger has them. */
  list<State = Json>(
    asked: PageOptions & { readonly type?: string; readonly prefix?: string } = {},
  ): AsyncGenerator<EntityDocument<State>, void> {
    const { type, prefix } = asked;
    return this.#pages("/v1/entities", { type, prefix }, asked);
  }

  /** Published events in order. */
  events(
    asked: PageOptions & {
      readonly type?: string;
      readonly entity?: string;
      readonly court?: number;
    } = {},
  ): AsyncGenerator<EventDocument, void> {
    const { type, entity, court } = asked;
    return this.#pages("/v1/events", { type, entity, court }, asked);
  }

  /** An event with its outcome, null if it is unknown. */
  event(
    key: EventKey,
    asked: Asked & { readonly proof?: boolean } = {},
  ): Promise<EventDocument | null> {
    const { id, source = "/" } = key;
    const query = queryOf({ source, proof: asked.proof === true ? "1" : undefined });
    return this.#one(`/v1/events/${encodeURIComponent(id)}${query}`, asked);
  }

  /** Published events as they come; a cut connection is resumed. */
  stream(asked: StreamOptions = {}): AsyncGenerator<Streamed, void> {
    const { court = 0, after, signal, onCut } = asked;
    const deadlineMs = durationOf("deadlineMs", asked.deadlineMs, STREAM.deadlineMs);
    const silenceMs = durationOf("silenceMs", asked.silenceMs, STREAM.silenceMs);
    const watch = { court, deadlineMs, silenceMs, after, signal, onCut };
    return streamed(this.#settings.access, watch);
  }

  /**
   * Whether an event and its outcome are what a quorum of the court's seats agreed, by the pinned genesis. Of an outcome as `submit`
   * gave it also whether that is the one. Throws `not-pinned`, `not-found`, `pending`, or what a read does.
   */
  async verify(key: EventKey | Outcome, asked: Asked = {}): Promise<Verification> {
    if (this.#pinned === undefined) {
      const message = "verification wants the digest of the genesis in pinned.genesis";
      throw new AssizeError("not-pinned", message);
    }
    const { id, source = "/" } = key;
    const answer = await this.event({ id, source }, { ...asked, proof: true });
    const what = `event ${id} of source ${source}`;
    if (answer === null) throw new AssizeError("not-found", `${what} is unknown`, { status: 404 });
    if (answer.status === "pending")
      throw new AssizeError("pending", `${what} is not decided yet: ask again`, { status: 200 });
    const answered = "receipt" in key ? asAnswered(key) : undefined;
    return verified(answer, { ...this.#pinned, id, source, answered });
  }

  /** One attempt at any path of the contract, for what there is no method for. */
  async get(path: string, asked: Asked = {}): Promise<unknown> {
    return (await this.#ask(path, asked)).body;
  }

  async #ask(path: string, asked: Asked): Promise<Exchanged> {
    const { signal } = asked;
    const deadlineMs = durationOf("deadlineMs", asked.deadlineMs, this.#settings.readDeadlineMs);
    return ask(this.#settings.access, { path }, { deadlineMs, signal });
  }

  async #one<T>(path: string, asked: Asked): Promise<T | null> {
    const { status, body } = await this.#ask(path, asked);
    if (status === 404) return null;
    if (typeof body !== "object" || body === null) throw outOfContract({ path }, status);
    // By the contract.
    return body as T;
  }

  async *#pages<T>(
    path: string,
    query: Query,
    { pageSize, after, ...asked }: PageOptions,
  ): AsyncGenerator<T, void> {
    let cursor = after;
    do {
      const at = path + queryOf({ ...query, limit: pageSize, after: cursor });
      const page = await this.#one<{ readonly items?: unknown; readonly next?: unknown }>(
        at,
        asked,
      );
      if (page === null) return;
      const { items, next } = page;
      if (!Array.isArray(items) || !(next === null || typeof next === "string"))
        throw outOfContract({ path: at }, 200);
      yield* items as readonly T[];
      cursor = next ?? undefined;
    } while (cursor !== undefined);
  }
}

/** As a submission is answered, without what says whether it was a replay. */
function asAnswered({ id, source, type, status, reason, changes, receipt }: Outcome): object {
  const came = status === "accepted" ? { changes } : { reason };
  return { id, source, type, status, ...came, receipt };
}

type Query = Readonly<Record<string, string | number | undefined>>;

function queryOf(members: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(members))
    if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given.toString()}`;
}

/** Of `type/id`. */
function entityPath(entity: string): string {
  const slash = entity.indexOf("/");
  if (slash < 1)
    throw new AssizeError("misconfigured", `an entity is named type/id, not ${entity}`);
  return [entity.slice(0, slash), entity.slice(slash + 1)].map(encodeURIComponent).join("/");
}
