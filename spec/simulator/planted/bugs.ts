/** All planted bugs. Data only: nothing here may load what is to be patched. */
import { agreement } from "./bugs/agreement.ts";
import { belief } from "./bugs/belief.ts";
import { durability } from "./bugs/durability.ts";
import { views } from "./bugs/views.ts";
import type { How } from "./how.ts";
import type { Bug } from "./plant.ts";

export const bugs: readonly Bug<How>[] = [...agreement, ...views, ...durability, ...belief];
