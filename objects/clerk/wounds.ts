/**
 * Damaged rows of the chain: which blocks are to be had again for one. What stands in no block's place is taken out, since its key
 * may be what is damaged; what does is replaced when the block is there again.
 */
import { LIMITS } from "../shared/limits.ts";
import type { Chain } from "./chain.ts";
import { RowDamaged } from "./rows.ts";
import type { Place } from "./rows.ts";
import type { Wound } from "./standing.ts";

/** What of a chain is looked at. */
export interface WoundedChain {
  readonly sql: SqlStorage;
  readonly chain: Chain;
  /** Text of the votes, which name writs of an undecided block. */
  readonly votes: string;
}

/** Undefined where the blocks do not say what the row was: then the state is taken anew, and the chain with it. */
export function woundsOf(of: WoundedChain, place: Place): Wound[] | undefined {
  const heights = heightsOf(of, place);
  return heights?.slice(0, LIMITS.wounds).map((height) => ({ ...place, height }));
}

function heightsOf(of: WoundedChain, { table, key, digest }: Place): number[] | undefined {
  const { chain } = of;
  switch (table) {
    case "bottom":
      chain.mendBottom();
      return [];
    case "blocks":
      return blockHeights(of, Number(key));
    case "outcomes":
    case "poison":
      return belongs(of, table, Number(key));
    case "controls":
      return controlHeights(of, Number(key));
    case "writs":
      return writHeights(of, String(key), digest);
    case "decided": {
      // A block's height may be what is damaged too: what is missing up to there nobody has.
      const top = chain.height();
      const lost = isReadable(chain, top) ? [] : blockHeights(of, top);
      const heights = chain.ranges.remove(String(key), chain.height());
      const here = heights.filter((height) => isHere(chain, height));
      return here.length === 0 && heights.some((height) => height < chain.lowest())
        ? undefined
        : [...lost, ...here];
    }
    default:
      return undefined;
  }
}

function isHere(chain: Chain, height: number): boolean {
  return height >= chain.lowest() && height <= chain.height();
}

function isReadable(chain: Chain, height: number): boolean {
  try {
    if (height > 0) chain.head(height);
    return true;
  } catch (error) {
    if (error instanceof RowDamaged) return false;
    throw error;
  }
}

/** The row goes: a height that is none would be taken for the chain's own. */
function blockHeights({ sql, chain }: WoundedChain, key: number): number[] {
  sql.exec("DELETE FROM blocks WHERE height = ?", key);
  // What lies above all others by damage alone would make gaps up to there.
  while (!isReadable(chain, chain.height()))
    sql.exec("DELETE FROM blocks WHERE height = ?", chain.height());
  const gaps = sql
    .exec<{ first: number; next: number }>(
      `SELECT height + 1 AS first, next FROM
         (SELECT height, lead(height) OVER (ORDER BY height) AS next FROM blocks) WHERE next > height + 1`,
    )
    .toArray();
  const lost = gaps.flatMap(({ first, next }) =>
    Array.from({ length: Math.min(next - first, LIMITS.wounds) }, (_, at) => first + at),
  );
  const [lowest, height] = [chain.lowest(), chain.height()];
  const least = sql
    .exec<{ height: number | null }>("SELECT min(height) AS height FROM blocks")
    .one();
  // The anchor's row is the one below the lowest block; a chain from the first height on has none.
  const first = Math.max(1, lowest - 1);
  if ((least.height ?? first) > first) lost.push(first);
  return lost.length > 0 ? lost : [height + 1];
}

// Rule: TakeOutStrayRow.
function belongs({ sql, chain }: WoundedChain, table: string, height: number): number[] {
  if (isHere(chain, height)) return [height];
  sql.exec(`DELETE FROM ${table} WHERE height = ?`, height);
  return [];
}

/**
 * The block's own row says what the control was. One that stands at another height than its block is missing there; of a block
 * that is not here any more it comes with a state alone.
 */
function controlHeights(of: WoundedChain, height: number): number[] | undefined {
  const { sql, chain } = of;
  sql.exec("DELETE FROM controls WHERE height = ?", height);
  const lost = chain.controlRows.missing();
  if (lost.length === 0 && height < chain.lowest()) return undefined;
  return lost.filter((missing) => {
    try {
      chain.controlRows.keep(chain.head(missing));
      return false;
    } catch (error) {
      if (error instanceof RowDamaged) return true;
      throw error;
    }
  });
}

// Rule: TakeOutStrayRow.
function writHeights(
  { sql, chain, votes }: WoundedChain,
  writ: string,
  digest: string | null,
): number[] {
  sql.exec("DELETE FROM writs WHERE writ = ? AND digest = ?", writ, digest);
  const heights = sql
    .exec<{ height: number }>("SELECT height FROM blocks WHERE instr(header, ?) > 0", writ)
    .toArray()
    .map(({ height }) => height);
  if (heights.length > 0) return heights;
  // A writ of the own vote comes with the block that it was voted for, or with another of that height.
  return votes.includes(writ) ? [chain.height() + 1] : [];
}
