/** A seat's state as others take it: rows with their roots, what is staged on its way here, and how it takes the place of what was. */
import { StateRoots } from "../../objects/clerk/roots.ts";
import type { StateSource } from "../../objects/clerk/roots.ts";
import type { Offer } from "../../objects/clerk/consensus/messages.ts";
import type { Effect, StatePage } from "../../objects/clerk/consensus/seat.ts";
import type { Evaluation } from "../../objects/shared/evaluation.ts";
import type { Cursor, PartId, StateRow } from "../../objects/shared/state-root.ts";
import type { TermProof } from "../../objects/shared/terms.ts";
import type { Block, Head } from "../../objects/shared/types.ts";
import { MemoryNotes, RowStore } from "./row-store.ts";

export type Staging = Extract<Effect, { kind: "stage" }>;

export class Vault {
  readonly rows: RowStore;
  roots: StateRoots;
  readonly #notes = new MemoryNotes();
  /** Rows of one answer. */
  pageRows = 3;
  readonly #every: number;
  readonly #source: StateSource;
  /** By part, as they came. */
  #staged = new Map<string, StateRow[]>();

  /** `every` is K; `page` may stand between the rows and whoever reads them. */
  constructor(every: number, page: (page: StateSource["page"]) => StateSource["page"] = (p) => p) {
    this.#every = every;
    this.rows = new RowStore(every);
    const source = this.rows.source();
    this.#source = { ...source, page: page(source.page) };
    this.roots = new StateRoots(this.#source, this.#notes, every);
  }

  /** A life begins: what was read and not noted, or taken and not whole, is forgotten. */
  open(): void {
    this.roots = new StateRoots(this.#source, this.#notes, this.#every);
    this.clean();
  }

  agree({ header, entries, result }: Block, evaluation: Evaluation): void {
    const { control, height } = header;
    this.rows.apply(evaluation, height, header.time, entries);
    if (control?.kind === "key" && control.officer.kind === "warden")
      this.rows.restartNumbers(height, control.officer.warden);
    if (control !== null) this.rows.changeTerm(height, control);
    this.roots.agreed(height, evaluation.entities, result.state);
  }

  /** The newest state whose root is certified at or below a height. */
  offer(
    height: number,
    head: (height: number) => Head | undefined,
    controls: readonly TermProof[],
  ): Offer | null {
    const base = height - (height % this.#every) - this.#every;
    const parts = base > 0 ? this.roots.parts(base) : null;
    const [anchor, rooted] = [head(base), head(base + this.#every)];
    const known = controls.filter(({ header }) => header.height <= base + this.#every);
    return parts && anchor && rooted ? { anchor, rooted, parts, controls: known } : null;
  }

  page(base: number, part: PartId, after: Cursor | null): StatePage {
    const room = { rows: this.pageRows, bytes: Number.MAX_SAFE_INTEGER };
    const { rows, last } = this.#source.page(part, base, after, room);
    return { rows: rows.map(({ row }) => row), last };
  }

  get staged(): StateRow[] {
    return [...this.#staged.values()].flat();
  }

  stage({ part, first, fresh, rows }: Staging): void {
    if (fresh) this.#staged.clear();
    const place = `${part.kind}/${part.id}`;
    this.#staged.set(place, [...(first ? [] : (this.#staged.get(place) ?? [])), ...rows]);
  }

  /** What a crash leaves behind. */
  clean(): void {
    this.#staged.clear();
  }

  install(offer: Offer | null): void {
    const { height, time } = offer?.anchor.header ?? { height: 0, time: 0 };
    this.rows.install(height, time, offer === null ? [] : this.staged);
    this.roots.begin(height, offer?.parts ?? null);
    this.clean();
  }
}
