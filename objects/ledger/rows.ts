/** The rows a block is stored as. Names are the columns' of migrations/. */
import { known } from "../shared/assert.ts";
import { canonical, utf8Length } from "../shared/canonical.ts";
import { leafDigest } from "../shared/digests.ts";
import type { Block, Entry } from "../shared/types.ts";

export interface BlockRow {
  readonly court: number;
  readonly height: number;
  readonly outcomes: number;
  readonly prior: string;
  readonly root: string;
  readonly state: string | null;
  /** JSON of {@link Block.header}. */
  readonly header: string;
  /** JSON of {@link Block.certificate}. */
  readonly certificate: string;
  readonly leaves: string;
}

export interface WritRow {
  readonly court: number;
  readonly height: number;
  readonly position: number;
  readonly warden: number;
  readonly number: number;
  readonly start: number;
  readonly count: number;
  readonly bytes: number;
  readonly seal: string;
  /** JSON array: the writ's events before and after the ones of this block. */
  readonly rest: string;
  /** JSON of {@link Entry.poison}, or null. */
  readonly poison: string | null;
}

export interface EventRow {
  readonly court: number;
  readonly height: number;
  readonly idx: number;
  readonly writ: number | null;
  readonly event: string | null;
  readonly outcome: string;
}

export interface BlockRows {
  readonly block: BlockRow;
  readonly writs: readonly WritRow[];
  readonly events: readonly EventRow[];
}

export function rowsOf(block: Block): BlockRows {
  const { header, entries, result, outcomes, certificate } = block;
  const { court, height } = header;
  const writs: WritRow[] = [];
  const events: EventRow[] = [];
  const submitted = entries.reduce((sum, { count }) => sum + count, 0);
  outcomes.slice(0, outcomes.length - submitted).forEach((outcome, idx) => {
    events.push({ court, height, idx, writ: null, event: null, outcome });
  });
  entries.forEach((entry, position) => {
    const { writ, first, count } = entry;
    const start = events.length;
    writs.push({ court, height, position, start, ...writColumns(entry) });
    for (const event of writ.events.slice(first, first + count)) {
      const idx = events.length;
      events.push({
        court,
        height,
        idx,
        writ: position,
        event,
        outcome: known(outcomes[idx], "every event has its outcome"),
      });
    }
  });
  return {
    block: {
      court,
      height,
      outcomes: outcomes.length,
      ...result,
      header: canonical(header),
      certificate: canonical(certificate),
      leaves: outcomes.map(leafDigest).join(""),
    },
    writs,
    events,
  };
}

function writColumns({
  writ,
  first,
  count,
  poison,
}: Entry): Omit<WritRow, "court" | "height" | "position" | "start"> {
  const here = writ.events.slice(first, first + count);
  return {
    warden: writ.warden,
    number: writ.number,
    count,
    bytes: here.reduce((sum, event) => sum + utf8Length(event), 0),
    seal: writ.seal,
    rest: JSON.stringify([...writ.events.slice(0, first), ...writ.events.slice(first + count)]),
    poison: poison === undefined ? null : canonical(poison),
  };
}
