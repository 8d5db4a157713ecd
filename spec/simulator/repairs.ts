/** Damaged rows of a disk, as `Repairs` puts them right for the object: from the seat's own chain, or not at all. */
import { repairedEntities } from "../../objects/clerk/repair.ts";
import type { Made } from "../../objects/clerk/repair.ts";
import type { Place } from "../../objects/clerk/rows.ts";
import type { StateRow } from "../../objects/shared/state-root.ts";
import type { EntityRow } from "../../objects/shared/types.ts";
import type { Disk } from "./disk.ts";

const ALL = { rows: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER };

/** Whether it is done; `made` are the rows of a block that the seat believes. */
export function repaired(
  disk: Disk,
  { key, height, within }: Place,
  made: (height: number) => Made | null,
): boolean {
  const { chain, roots, every, rows, state } = disk;
  const upTo = disk.replaying ?? chain.height();
  const newest = upTo - (upTo % every);
  const base = [newest, newest - every].find((at) => at > 0 && roots.parts(at) !== null) ?? 0;
  const id = within ?? 0;
  const parts = base === 0 ? null : roots.parts(base);
  const sound = state.sound(id);
  const asOf = base === 0 ? [] : rows.page({ kind: "entities", id }, base, null, ALL).rows;
  const damaged = { key: String(key), height: height ?? 0 };
  const archive = {
    lowest: () => 1,
    holding: (text: string, after: number, to: number) => chain.holding(text, after, to),
    made,
  };
  const found = repairedEntities(archive, {
    id,
    upTo,
    sound,
    damaged: [damaged],
    held: new Set(sound.map((row) => row.key)),
    base,
    part: parts?.find((of) => of.kind === "entities" && of.id === id) ?? null,
    images: asOf.flatMap(({ row }) => imageOf(row, damaged)),
  });
  if (found === null) return false;
  state.repair(
    damaged.key,
    found.find((row) => row.key === damaged.key),
  );
  return true;
}

/** A row as of a base; of the damaged one only what was there before it changed. */
function imageOf(row: StateRow, damaged: Pick<EntityRow, "key" | "height">): EntityRow[] {
  if (row[0] !== "entity" || (row[1] === damaged.key && row[4] === damaged.height)) return [];
  const [, key, version, state, height, expires] = row;
  return [{ key, version, state, height, expires }];
}
