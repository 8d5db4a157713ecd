/** What a step accuses others of, or notes of itself. */
import type { Part } from "../../shared/state-root.ts";
import type { Certificate, Poison } from "../../shared/types.ts";
import type { Message, Prepare } from "./messages.ts";

/** What a seat has seen go wrong, with its evidence. An `equivocation` is any two statements that no honest seat signs both. */
export type Incident =
  | {
      readonly kind: "dissent";
      readonly seat: number;
      readonly height: number;
      readonly prepare: Prepare;
      readonly certificate: Certificate;
    }
  | {
      readonly kind: "equivocation";
      readonly seat: number;
      readonly height: number;
      readonly first: Message;
      readonly second: Message;
    }
  | {
      readonly kind: "view-change";
      readonly height: number;
      readonly view: number;
      readonly because: Because;
    }
  | {
      readonly kind: "outvoted";
      readonly height: number;
      readonly certificate: Certificate;
      readonly own: string | null;
    }
  | {
      readonly kind: "no-majority";
      readonly height: number;
      readonly view: number;
      readonly prepares: readonly Prepare[];
    }
  /** Rows of a state that do not come to their part's certified digest. */
  | {
      readonly kind: "false-state";
      readonly seat: number;
      readonly height: number;
      readonly part: Part;
    }
  /** An event was rejected because no quorum came to one outcome for it, or could evaluate it. */
  | {
      readonly kind: "poison" | "unable";
      readonly height: number;
      readonly warden: number;
      readonly number: number;
      readonly first: number;
      readonly proof: Poison;
    };

/** Why a seat left its view. */
export type Because =
  | "suspicion"
  | "censorship"
  | "resignation"
  | "joined"
  | "rejected"
  | "no-majority";
