/** All planted bugs. Data only: nothing here may load what is to be patched. */
import { agreement } from "./bugs/agreement.ts";
import type { How } from "./how.ts";
import type { Bug } from "./plant.ts";

export const bugs: readonly Bug<How>[] = [...agreement];
