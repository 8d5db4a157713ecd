/** All planted bugs. Data only: nothing here may load what is to be patched. */
import { agreement } from "./bugs/agreement.ts";
import { arbiter } from "./bugs/arbiter.ts";
import { belief } from "./bugs/belief.ts";
import { copies } from "./bugs/copies.ts";
import { durability } from "./bugs/durability.ts";
import { relief } from "./bugs/relief.ts";
import { views } from "./bugs/views.ts";
import { warden } from "./bugs/warden.ts";
import type { How } from "./how.ts";
import type { Bug } from "./plant.ts";

export const bugs: readonly Bug<How>[] = [
  ...agreement,
  ...views,
  ...durability,
  ...belief,
  ...arbiter,
  ...warden,
  ...copies,
  ...relief,
];
