import { assize } from "./assize.ts";
import type { Contender } from "./contender.ts";
import { emmett } from "./emmett.ts";
import { postgres } from "./postgres.ts";
import { restate } from "./restate.ts";
import { bare, database, object } from "./workers.ts";

/** In the order of the tables; what is compared comes first. */
export const CONTENDERS: readonly Contender[] = [
  assize,
  bare,
  object,
  database,
  postgres,
  restate,
  emmett,
];
