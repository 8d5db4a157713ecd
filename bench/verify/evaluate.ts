// What a block comes to, made again from its events, its time and the state below it (objects/ledger/README.md, "What a block
// comes to"). The state is moved on by it.
import type { DecisionContext } from "../../objects/arbiter/domain.ts";
import { canonical, utf8Length } from "../../objects/shared/canonical.ts";
import { LIMITS } from "../../objects/shared/limits.ts";
import { tagged } from "./bytes.ts";
import { broken, changeText, asked, decided, judged, reasonOf } from "./decide.ts";
import type { After, Code, Reason, Task } from "./decide.ts";
import { secluded } from "./domains.ts";
import type { Domains } from "./domains.ts";
import type { Control, Entry, Header } from "./shapes.ts";
import type { State, Use } from "./state.ts";

export interface Rules {
  readonly domains: Domains;
  /** How long a key counts after its use, in block time. */
  readonly retentionMs: number;
  readonly courtOf: (tenant: string, partition: string) => number;
}

/** Whose outcome it is. */
export interface Identity {
  readonly tenant: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly fingerprint?: string;
}

export type Verdict =
  | { readonly status: "accepted"; readonly changes: readonly After[]; readonly reason?: Reason }
  | { readonly status: "rejected"; readonly reason: Reason }
  | {
      readonly status: "duplicate";
      readonly first: { readonly height: number; readonly index: number };
    };

export interface Came {
  readonly of: Identity;
  readonly verdict: Verdict;
  /** The outcome's canonical text. */
  readonly text: string;
  /** Canonical text of the submitted event; null for an effect of the system. */
  readonly event: string | null;
}

/** An event as it stands in a writ. */
interface Event extends Identity {
  readonly subject?: string;
  readonly time?: string;
  readonly data: unknown;
}

/** Each outcome in order, and the uses of keys that the block makes. Moves the state on. */
export function evaluated(
  { header, entries }: { readonly header: Header; readonly entries: readonly Entry[] },
  state: State,
  rules: Rules,
): { readonly came: readonly Came[]; readonly uses: readonly Use[] } {
  return secluded(() => {
    const work = new Work(state, rules, header);
    work.expiries();
    if (header.control !== null) work.control(header.control);
    const condemned = entries[0]?.poison?.reason;
    for (const { writ, first, count } of entries)
      for (const event of writ.events.slice(first, first + count)) work.event(event, condemned);
    return work;
  });
}

class Work {
  readonly came: Came[] = [];
  readonly uses: Use[] = [];
  readonly #state: State;
  readonly #rules: Rules;
  readonly #header: Header;
  readonly #context: DecisionContext;

  constructor(state: State, rules: Rules, header: Header) {
    this.#state = state;
    this.#rules = rules;
    this.#header = header;
    this.#context = { time: header.time, domainVersion: header.domainVersion };
  }

  /** What is due at the block's time; the rest waits where half of the block's outcomes is used up. */
  expiries(): void {
    const { time } = this.#header;
    let bytes = 0;
    for (const key of this.#state.due(time, LIMITS.expiriesPerBlock)) {
      if (bytes >= LIMITS.outcomesBytes / 2) break;
      const row = this.#state.entities.get(key);
      // One before it may have closed it or put it off.
      if (row === undefined || row.expires === null || row.expires > time) continue;
      const slash = key.indexOf("/");
      const [tenant, entity] = [key.slice(0, slash), key.slice(slash + 1)];
      const of = { tenant, source: "/", id: `${entity}@${row.expires}`, type: "assize.expired" };
      const text = this.#come(of, this.#expiry(tenant, entity), null);
      bytes += utf8Length(text);
    }
  }

  /** One that fails lapses without effect: the same state is a new version that is due no more. */
  #expiry(tenant: string, entity: string): Verdict {
    const task = judged(() => asked(() => this.#expiryOf(tenant, entity)));
    const changes = "rejected" in task ? task : decided(task, this.#state, this.#context);
    if (!("rejected" in changes)) return { status: "accepted", changes };
    const { version = 0, state = "" } = this.#state.entities.get(`${tenant}/${entity}`) ?? {};
    const lapsed = { entity, version: version + 1, state, expires: null };
    return { status: "accepted", changes: [lapsed], reason: changes.rejected };
  }

  control(control: Control): void {
    const about =
      control.kind === "version"
        ? `version/${control.domainVersion}`
        : control.officer.kind === "clerk"
          ? `clerk/${control.officer.seat}/${control.key}`
          : `warden/${control.officer.warden}/${control.key}`;
    const of = { tenant: "assize", source: "/", id: about, type: `assize.${control.kind}` };
    this.#come(of, { status: "accepted", changes: [] }, null);
  }

  event(text: string, condemned: Code | undefined): void {
    const event = eventIn(text);
    if (event === null) {
      const nobody = { tenant: "", source: "", id: "", type: "" };
      this.#come(nobody, { status: "rejected", reason: reasonOf("invalid_event") }, text);
      return;
    }
    const { tenant, source, id, type, subject = null, time = null, data } = event;
    const fingerprint = tagged("event", [tenant, source, id, type, subject, time, data]);
    this.#come(
      { tenant, source, id, type, fingerprint },
      this.#verdict(event, fingerprint, condemned),
      text,
    );
  }

  #verdict(event: Event, fingerprint: string, condemned: Code | undefined): Verdict {
    const { height, time } = this.#header;
    const key = tagged("key", [event.tenant, event.source, event.id]);
    const use = this.#state.use(key, time);
    if (use !== undefined) {
      const first = { height: use.height, index: use.index };
      return use.fingerprint === fingerprint
        ? { status: "duplicate", first }
        : { status: "rejected", reason: reasonOf("key_reused") };
    }
    const expires = time + this.#rules.retentionMs;
    const made = { key, fingerprint, height, index: this.came.length, expires };
    this.#state.keep(made);
    this.uses.push(made);
    if (condemned !== undefined) return { status: "rejected", reason: reasonOf(condemned) };
    const task = judged(() => this.#taskOf(event));
    const changes = "rejected" in task ? task : decided(task, this.#state, this.#context);
    return "rejected" in changes
      ? { status: "rejected", reason: changes.rejected }
      : { status: "accepted", changes };
  }

  #taskOf({ tenant, type, data: sent }: Event): Task {
    const { domains, courtOf } = this.#rules;
    const eventType = domains.eventType(type) ?? broken("invalid_event");
    const parsed = asked(() => eventType.schema.safeParse(sent));
    if (!parsed.success) return broken("invalid_event");
    const { data } = parsed;
    const partition = asked(() => eventType.partition(data));
    if (courtOf(tenant, partition) !== this.#header.court) broken("foreign_entity");
    const { entitiesAfter, invariant } = eventType;
    return {
      domains,
      tenant,
      partition,
      entities: asked(() => [...eventType.entities(data)]),
      entitiesAfter: entitiesAfter && ((entities) => entitiesAfter(data, entities)),
      decide: (entities, context) => eventType.decide(data, entities, context),
      invariant: invariant && ((before, after) => invariant(data, before, after)),
    };
  }

  #expiryOf(tenant: string, entity: string): Task {
    const { domains } = this.#rules;
    const { type, id = "", partition = "" } = domains.located(entity) ?? {};
    const expiry = type?.expiry;
    const entitiesAfter = expiry?.entitiesAfter;
    return {
      domains,
      tenant,
      partition,
      entities: [entity, ...(expiry?.entities(id) ?? [])],
      entitiesAfter: entitiesAfter && ((entities) => entitiesAfter(id, entities)),
      decide: (entities, context) =>
        expiry?.decide(id, entities, context) ?? broken("domain_error"),
      expiring: entity,
    };
  }

  #come(of: Identity, verdict: Verdict, event: string | null): string {
    const { height } = this.#header;
    const index = this.came.length;
    if (verdict.status === "accepted")
      for (const { entity, version, state, expires } of verdict.changes)
        this.#state.write(`${of.tenant}/${entity}`, { version, state, height, index }, expires);
    const text = outcomeText(of, verdict);
    this.came.push({ of, verdict, text, event });
    return text;
  }
}

const MEMBERS = new Set(["tenant", "source", "id", "type", "subject", "time", "sentat", "data"]);

/** The event that a canonical text stands for; null for any other text. */
function eventIn(text: string): Event | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
    if (canonical(value) !== text) return null;
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const event = value as Readonly<Record<string, unknown>>;
  const named = ["tenant", "source", "id", "type"].every((name) => isName(event[name]));
  const texts = ["subject", "time", "sentat"].every(
    (name) => !Object.hasOwn(event, name) || typeof event[name] === "string",
  );
  const known = Object.keys(event).every((name) => MEMBERS.has(name));
  if (!named || !texts || !known || !Object.hasOwn(event, "data")) return null;
  // A slash ends the tenant in the keys of entities.
  return String(event["tenant"]).includes("/") ? null : (value as unknown as Event);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value.length >= 1 && value.length <= LIMITS.nameBytes;
}

/** Canonical text of { changes, fingerprint?, first?, id, reason?, source, status, tenant, type }. */
function outcomeText(of: Identity, verdict: Verdict): string {
  const { status } = verdict;
  const changes = status === "accepted" ? verdict.changes.map(changeText).join(",") : "";
  const members = canonical({ ...of, ...verdict, changes: undefined });
  return `{"changes":[${changes}],${members.slice(1)}`;
}
