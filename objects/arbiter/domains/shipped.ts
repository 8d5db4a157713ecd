/** The domains of this build, among which a deployment chooses. A new one takes its place in the list. */
import { known } from "../../shared/assert.ts";
import type { Domain } from "../domain.ts";
import { accounts } from "./accounts.ts";
import { inventory } from "./inventory.ts";

export const SHIPPED: readonly Domain[] = [accounts, inventory];

/** Throws `BrokenInvariant` for a name that no domain of the build has. */
export function chosen(names: readonly string[]): Domain[] {
  return names.map((name) =>
    known(
      SHIPPED.find((domain) => domain.name === name),
      `DOMAINS names domains of this build, and ${name} is none`,
    ),
  );
}
