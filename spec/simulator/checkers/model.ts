/**
 * ReplaysAlike: each agreed outcome, and each row a seat keeps of it, is what spec/arbiter.allium and spec/inventory.allium make of the
 * agreed events in their order at their block times. Each height is replayed once.
 */
import type { Evaluation } from "../../../objects/shared/evaluation.ts";
import type {
  EntityRow,
  Header,
  KeyRow,
  LedgerEvent,
  Outcome,
} from "../../../objects/shared/types.ts";
import { canonicalText, tagged } from "./bytes.ts";
import type { Decided, Line } from "./decided.ts";
import { dueAt, expires, happens, isFit } from "./inventory.ts";
import type { Effect, Hold, Shelf, Stock } from "./inventory.ts";
import { must } from "./part.ts";
import type { Options, Part } from "./part.ts";

const REPLAYS = "ReplaysAlike";
const EXPIRIES_PER_BLOCK = 256;
const EXPIRY_BYTES = (1024 * 1024) / 2;

type State = Stock | Hold;
interface Held {
  readonly version: number;
  readonly state: State;
  readonly text: string;
  readonly height: number;
}
interface Use {
  readonly fingerprint: string;
  readonly height: number;
  readonly index: number;
  readonly until: number;
}
type Expected = Omit<Outcome, "reason"> & { readonly code?: string };

/** State as the specification has it after each height. */
export class Model {
  readonly #retentionMs: number;
  /** Versions of each `tenant/type/id`, rising. */
  readonly #versions = new Map<string, Held[]>();
  readonly #keys = new Map<string, Use>();
  /** Entities that are due some time, with that time. */
  readonly #due = new Map<string, number>();
  readonly #rows: { readonly entities: EntityRow[]; readonly keys: KeyRow[] }[] = [];

  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  get height(): number {
    return this.#rows.length;
  }

  /** The version of an entity after a height, or undefined if there was none yet. */
  at(key: string, height: number): Held | undefined {
    return this.#versions.get(key)?.findLast((held) => held.height <= height);
  }

  /** Entities that there are after a height. */
  keysAt(height: number): string[] {
    return [...this.#versions.keys()].filter((key) => this.at(key, height) !== undefined);
  }

  /** Rows that a height left, as seats keep them. */
  rows(height: number): Pick<Evaluation, "entities" | "keys"> | undefined {
    return this.#rows[height - 1];
  }

  /** Throws a violation where an outcome is not what it must be. */
  replay(decided: Decided): void {
    const { height, time, lines, system } = decided;
    const touched = new Set<string>();
    const used = new Map<string, KeyRow>();
    const expiries = this.#expiriesAt(time);
    let bytes = 0;
    let run = 0;
    for (const key of expiries) {
      if (bytes >= EXPIRY_BYTES) break;
      const line = lines[run];
      must(run < system, REPLAYS, () => `height ${height} lacks the expiry of ${key}`);
      if (line === undefined) return;
      this.#compare(this.#expire(key, decided, touched), line, height);
      bytes += Buffer.byteLength(line.text);
      run += 1;
    }
    const { control } = decided.block.header;
    if (control !== null) {
      const line = decided.control;
      must(line !== null, REPLAYS, () => `height ${height} lacks the outcome of its control`);
      this.#compare(outcomeOf(control), line, height);
      run += 1;
    }
    must(
      run === system,
      REPLAYS,
      () => `height ${height} has ${system} effects of the system, not ${run}`,
    );
    for (const line of lines.slice(system))
      this.#compare(this.#submit(line, decided, touched, used), line, height);
    this.#rows.push({
      entities: [...touched].toSorted().map((key) => this.#row(key)),
      keys: [...used.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    });
  }

  #expiriesAt(time: number): string[] {
    return [...this.#due]
      .filter(([, due]) => due <= time)
      .toSorted(([a, one], [b, other]) => one - other || (a < b ? -1 : 1))
      .slice(0, EXPIRIES_PER_BLOCK)
      .map(([key]) => key);
  }

  #expire(key: string, decided: Decided, touched: Set<string>): Expected {
    const slash = key.indexOf("/");
    const [tenant, entity] = [key.slice(0, slash), key.slice(slash + 1)];
    const hold = this.#latest(key)?.state as Hold;
    const effect = expires(entity, hold, this.#shelf(tenant));
    const id = `${entity}@${this.#due.get(key)}`;
    const changes = this.#apply(tenant, effect, decided.height, touched);
    return { tenant, source: "/", id, type: "assize.expired", status: "accepted", changes };
  }

  #submit(
    { event, index, condemned }: Line,
    { height, time }: Decided,
    touched: Set<string>,
    used: Map<string, KeyRow>,
  ): Expected {
    if (event === null) {
      const nobody = { tenant: "", source: "", id: "", type: "" };
      return { ...nobody, status: "rejected", code: "invalid_event", changes: [] };
    }
    const { tenant, source, id, type, data } = event;
    const fingerprint = fingerprintOf(event);
    const base = { tenant, source, id, type, fingerprint, changes: [] };
    const key = tagged("key", [tenant, source, id]);
    const use = this.#keys.get(key);
    if (use !== undefined && use.until >= time) {
      const first = { height: use.height, index: use.index };
      return use.fingerprint === fingerprint
        ? { ...base, status: "duplicate", first }
        : { ...base, status: "rejected", code: "key_reused" };
    }
    const until = time + this.#retentionMs;
    this.#keys.set(key, { fingerprint, height, index, until });
    used.set(key, { key, fingerprint, height, index, expires: until });
    if (condemned !== null) return { ...base, status: "rejected", code: condemned };
    if (!isFit(type, data)) return { ...base, status: "rejected", code: "invalid_event" };
    const effect = happens(type, data, this.#shelf(tenant), time);
    if (typeof effect === "string") return { ...base, status: "rejected", code: effect };
    return { ...base, status: "accepted", changes: this.#apply(tenant, effect, height, touched) };
  }

  #apply(tenant: string, effect: Effect, height: number, touched: Set<string>): Outcome["changes"] {
    if (typeof effect === "string") throw new Error(`an expiry came to ${effect}`);
    return Object.entries(effect)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([entity, state]) => {
        const key = `${tenant}/${entity}`;
        const versions = this.#versions.get(key) ?? [];
        const version = versions.length + 1;
        versions.push({ version, state, text: canonicalText(state), height });
        this.#versions.set(key, versions);
        const due = dueAt(state);
        if (due === null) this.#due.delete(key);
        else this.#due.set(key, due);
        touched.add(key);
        return { entity, version, state: state as unknown as Outcome["changes"][number]["state"] };
      });
  }

  #latest(key: string): Held | undefined {
    return this.#versions.get(key)?.at(-1);
  }

  #shelf(tenant: string): Shelf {
    const of = (entity: string): State | undefined => this.#latest(`${tenant}/${entity}`)?.state;
    return {
      stock: (item, warehouse) =>
        (of(`stock/${item}@${warehouse}`) as Stock | undefined) ?? { onHand: 0, reserved: 0 },
      hold: (item, name) => of(`reservation/${name}@${item}`) as Hold | undefined,
    };
  }

  #row(key: string): EntityRow {
    const held = this.#latest(key);
    if (held === undefined) throw new Error(`${key} was never touched`);
    const { version, text, height } = held;
    return { key, version, state: text, height, expires: this.#due.get(key) ?? null };
  }

  /** But for the words that explain a rejection. */
  #compare({ code, ...expected }: Expected, { index, text, outcome }: Line, height: number): void {
    const { reason, ...given } = outcome;
    const same =
      code === reason?.code &&
      (reason === undefined || typeof reason.detail === "string") &&
      canonicalText(given) === canonicalText(expected) &&
      canonicalText(outcome) === text;
    must(
      same,
      REPLAYS,
      () => `${height}/${index} is ${text}, not ${code ?? ""} ${canonicalText(expected)}`,
    );
  }
}

/** What the court decides about itself. */
function outcomeOf(control: NonNullable<Header["control"]>): Expected {
  const base = { tenant: "assize", source: "/", status: "accepted", changes: [] } as const;
  if (control.kind === "version")
    return { ...base, id: `version/${control.domainVersion}`, type: "assize.version" };
  const { officer, key } = control;
  const number = officer.kind === "clerk" ? officer.seat : officer.warden;
  return { ...base, id: `${officer.kind}/${number}/${key}`, type: "assize.key" };
}

function fingerprintOf(event: LedgerEvent): string {
  const { tenant, source, id, type, subject = null, time = null, data } = event;
  return tagged("event", [tenant, source, id, type, subject, time, data]);
}

export function replay({ liars }: Options, model: Model): Part {
  const later: {
    readonly seat: number;
    readonly height: number;
    readonly evaluation: Evaluation;
  }[] = [];
  const look = (seat: number, height: number, { entities, keys }: Evaluation): void => {
    const rows = model.rows(height);
    const same =
      rows !== undefined && sameRows(rows.entities, entities) && sameRows(rows.keys, keys);
    must(same, REPLAYS, () => `the rows that seat ${seat} keeps of height ${height} are others`);
  };
  return {
    on: {
      agreed({ seat, block, evaluation }) {
        if (liars.has(seat)) return;
        const { height } = block.header;
        if (height <= model.height) look(seat, height, evaluation);
        else later.push({ seat, height, evaluation });
      },
    },
    block(decided) {
      model.replay(decided);
      for (const { seat, height, evaluation } of later.splice(0)) look(seat, height, evaluation);
    },
  };
}

function sameRows<Row extends EntityRow | KeyRow>(
  one: readonly Row[],
  other: readonly Row[],
): boolean {
  return (
    one.length === other.length &&
    one.every((row, at) => {
      const given = other[at];
      return (
        given !== undefined &&
        (Object.entries(row) as [keyof Row, unknown][]).every(
          ([member, value]) => given[member] === value,
        )
      );
    })
  );
}
