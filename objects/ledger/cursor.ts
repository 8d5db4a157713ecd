/** Opaque places in a listing: base64url of canonical JSON, checked when they come back. */
import { z } from "zod";
import { canonical } from "../shared/canonical.ts";
import type { Json } from "../shared/canonical.ts";

/** A cursor that this listing never gave. */
export class BadCursor extends Error {
  override readonly name = "BadCursor";
}

const natural = z.number().int().min(0);

/**
 * How far each court was listed, and which one comes next: a place per court, so that blocks which arrive meanwhile are
 * neither skipped nor given twice; taking turns, so that a busy court does not hide the others.
 */
const places = z.object({
  turn: natural,
  places: z.array(z.tuple([natural, z.number().int().min(-1)])),
});
const version = z.object({ version: natural });
const entity = z.object({ entity: z.string() });

export type Places = z.infer<typeof places>;

/** Before the first event of every court; throws {@link BadCursor}. */
export function placesOf(cursor: string | undefined, courts: number): Places {
  if (cursor === undefined)
    return { turn: 0, places: Array.from({ length: courts }, () => [0, -1]) };
  const found = opened(cursor, places);
  if (found.places.length !== courts || found.turn >= courts)
    throw new BadCursor("the cursor is of other courts");
  return found;
}

/** The version after which to go on; throws {@link BadCursor}. */
export function versionOf(cursor: string | undefined): number {
  return cursor === undefined ? 0 : opened(cursor, version).version;
}

/** The entity after which to go on; throws {@link BadCursor}. */
export function entityOf(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : opened(cursor, entity).entity;
}

export function cursorOf(
  place: Places | { readonly version: number } | { readonly entity: string },
): string {
  return Buffer.from(canonical(place)).toString("base64url");
}

// Rule: RefuseForeignCursor.
function opened<T extends Json>(cursor: string, shape: z.ZodType<T>): T {
  const text = Buffer.from(cursor, "base64url").toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadCursor("the cursor is not one");
  }
  const result = shape.safeParse(value);
  if (!result.success) throw new BadCursor("the cursor is of another listing");
  return result.data;
}
