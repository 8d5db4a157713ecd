/** What goes into a step and what comes out of it. */
import type { Control } from "../../shared/control.ts";
import type { Evaluation } from "../../shared/evaluation.ts";
import type { PartId, StateRow } from "../../shared/state-root.ts";
import type { Block, Writ } from "../../shared/types.ts";
import type { Incident } from "./incidents.ts";
import type { Message, Offer } from "./messages.ts";
import type { Durable } from "./seat.ts";

/**
 * What a step asks for. A shell carries them out in the order of the list, without an `await` in between, and writes before it
 * sends: the core emits every `persist` and `agree` of a step ahead of its `send`s, and the runtime's output gate does the rest.
 */
export type Effect =
  | { readonly kind: "persist"; readonly durable: Durable; readonly writs: readonly Writ[] }
  | { readonly kind: "agree"; readonly block: Block; readonly evaluation: Evaluation }
  /** The seat has no voice from now on; `rebuild`: until its state has been taken anew, over restarts too. */
  | { readonly kind: "quarantine"; readonly reason: string; readonly rebuild: boolean }
  /** Rows that belong to a part of a state, kept aside; `first` ones replace what was kept of it, of a `fresh` state everything. */
  | {
      readonly kind: "stage";
      readonly base: number;
      readonly part: PartId;
      readonly first: boolean;
      readonly fresh: boolean;
      readonly rows: readonly StateRow[];
    }
  /**
   * What was staged is the state, whole and verified, and takes the place of the one that was here; null: the state before the
   * first block does. The life of this seat ends with it: the next one begins from storage.
   */
  | { readonly kind: "install"; readonly offer: Offer | null }
  | { readonly kind: "send"; readonly to: number; readonly message: Message }
  /** Once everything written is durable, and no sooner, the shell answers with `attempted`. */
  | { readonly kind: "attempt"; readonly what: string }
  | { readonly kind: "arm"; readonly at: number | null }
  | { readonly kind: "accuse"; readonly incident: Incident };

export type Input =
  /** The shell has loaded everything; also after each change of `voice`. */
  | { readonly kind: "start"; readonly now: number }
  | { readonly kind: "message"; readonly message: Message; readonly now: number }
  | { readonly kind: "writs"; readonly writs: readonly Writ[]; readonly now: number }
  /** An operator asked this seat itself; it has fetched the key from the named object. */
  | { readonly kind: "control"; readonly control: Control; readonly now: number }
  /** The block of the last `agree` is in storage. */
  | { readonly kind: "applied"; readonly nextExpiry: number | null; readonly now: number }
  /** Blocks from elsewhere than a peer: checked like a peer's. */
  | { readonly kind: "blocks-found"; readonly blocks: readonly Block[]; readonly now: number }
  /** The state is to be taken anew from others; the seat must have no voice. */
  | { readonly kind: "rebuild"; readonly now: number }
  | { readonly kind: "attempted"; readonly what: string; readonly now: number }
  | { readonly kind: "backlog"; readonly full: boolean; readonly now: number }
  | { readonly kind: "tick"; readonly now: number };
