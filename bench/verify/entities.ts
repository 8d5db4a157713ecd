// A tenant's entities and their histories, as they are served, against what the blocks made of them.
import { canonical } from "../../objects/shared/canonical.ts";
import type { Court } from "./court.ts";
import { Domains } from "./domains.ts";
import type { Came } from "./evaluate.ts";
import type { Flaws } from "./flaws.ts";
import { courtOf } from "./genesis.ts";
import type { EntityDocument, GenesisDocument } from "./shapes.ts";
import { historyWith } from "./state.ts";

/** Whose, and of which courts. */
export interface Scope {
  readonly tenant: string;
  readonly document: GenesisDocument;
  readonly courts: ReadonlyMap<number, Court>;
}

/** A history that is being shown. */
interface Shown {
  readonly court: number;
  readonly entity: string;
  /** Digest over the versions that there are, and how many. */
  readonly expected: string;
  readonly versions: number;
  history: string;
  count: number;
}

export class Entities {
  /** Shown as they must be. */
  rows = 0;
  histories = 0;
  readonly #scope: Scope;
  readonly #domains: Domains;
  readonly #flaws: Flaws;
  readonly #seen = new Set<string>();
  /** Shown at a version that a later block makes. */
  readonly #ahead = new Map<string, EntityDocument>();
  #shown: Shown | null = null;
  /** The last entity listed, if nothing can be said of it. */
  #passed: string | null = null;

  constructor(scope: Scope, flaws: Flaws) {
    this.#scope = scope;
    this.#domains = new Domains(scope.document);
    this.#flaws = flaws;
  }

  /** An entity as it is listed, when the blocks are those up to the heights announced. */
  // Rule: FindServedOtherwise.
  take(document: EntityDocument, withHistory: boolean): void {
    const { entity, version } = document;
    const number = this.#courtOf(entity);
    this.#passed = entity;
    if (number === null) {
      const what = "an entity is listed that no domain has";
      this.#flaws.add({ kind: "served", what, entity });
      return;
    }
    const court = this.#scope.courts.get(number);
    if (court === undefined || court.stopped) return;
    this.#passed = null;
    if (this.#seen.has(entity))
      this.#flaws.add({ kind: "served", what: "an entity is listed twice", court: number, entity });
    this.#seen.add(entity);
    const row = court.state.entities.get(`${this.#scope.tenant}/${entity}`);
    if (withHistory)
      this.#shown = {
        court: number,
        entity,
        expected: row?.history ?? "",
        versions: row?.version ?? 0,
        history: "",
        count: 0,
      };
    if (version > (row?.version ?? 0)) this.#ahead.set(entity, document);
    else this.#compare(number, document, row ?? { version: 0, state: "null", height: 0 });
  }

  version(document: EntityDocument, index: number): void {
    const { entity, version, state, height } = document;
    const shown = this.#shown;
    if (entity === this.#passed) return;
    if (shown?.entity !== entity) {
      const what = "a version is shown that was not announced";
      this.#flaws.add({ kind: "served", what, entity, height });
      return;
    }
    shown.count += 1;
    const pair = { expected: `version ${shown.count}`, found: `version ${version}` };
    const place = { court: shown.court, height, entity };
    this.#flaws.compare("served", "a history is not in its order", place, pair);
    shown.history = historyWith(shown.history, { version, state: canonical(state), height, index });
  }

  /** Something else comes than a version. */
  // Rule: FindServedOtherwise.
  endHistory(): void {
    const shown = this.#shown;
    if (shown === null) return;
    this.#shown = null;
    const { court, entity, versions, count } = shown;
    const pair =
      versions === count
        ? { expected: shown.expected, found: shown.history }
        : { expected: `${versions} versions`, found: `${count} versions` };
    const what = "a history is not that of the entity";
    if (this.#flaws.compare("served", what, { court, entity }, pair)) this.histories += 1;
  }

  /** A block above the heights announced: what was shown ahead of it may be made now. */
  made(court: number, height: number, came: readonly Came[]): void {
    if (this.#ahead.size === 0) return;
    for (const { of, verdict } of came) {
      if (verdict.status !== "accepted" || of.tenant !== this.#scope.tenant) continue;
      for (const { entity, version, state } of verdict.changes) {
        const document = this.#ahead.get(entity);
        if (document?.version !== version) continue;
        this.#ahead.delete(entity);
        this.#compare(court, document, { version, state, height });
      }
    }
  }

  /** Everything has been shown. `announced` are the heights up to which every entity had to be. */
  end(announced: ReadonlyMap<number, number>): void {
    for (const [entity, { version, height }] of this.#ahead) {
      const what = `an entity is listed at version ${version}, which nothing made`;
      const court = this.#courtOf(entity) ?? 0;
      this.#flaws.add({ kind: "served", what, court, height, entity });
    }
    const prefix = `${this.#scope.tenant}/`;
    for (const [number, court] of this.#scope.courts) {
      if (court.stopped) continue;
      for (const { key, since } of court.state.entities.values()) {
        if (!key.startsWith(prefix) || since > (announced.get(number) ?? 0)) continue;
        const entity = key.slice(prefix.length);
        if (this.#seen.has(entity)) continue;
        const what = "an entity is not listed";
        this.#flaws.add({ kind: "served", what, court: number, height: since, entity });
      }
    }
  }

  #compare(
    court: number,
    { entity, version, state, height }: EntityDocument,
    own: { readonly version: number; readonly state: string; readonly height: number },
  ): void {
    const pair = {
      expected: `version ${own.version} of height ${own.height}: ${own.state}`,
      found: `version ${version} of height ${height}: ${canonical(state)}`,
    };
    const what = "an entity is listed otherwise than it was agreed";
    if (this.#flaws.compare("served", what, { court, height, entity }, pair)) this.rows += 1;
  }

  #courtOf(entity: string): number | null {
    const found = this.#domains.located(entity);
    const { document, tenant } = this.#scope;
    return found === undefined ? null : courtOf(document, tenant, found.partition);
  }
}
