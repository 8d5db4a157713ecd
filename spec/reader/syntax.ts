/** The tree of one file. Every node knows its place. */
import type { Comment, Place } from "./tokens.ts";

export interface Argument extends Place {
  readonly name: string | null;
  readonly value: Expression;
}

export type Expression = Place &
  (
    | { readonly kind: "name"; readonly module: string | null; readonly name: string }
    | { readonly kind: "literal"; readonly type: LiteralType; readonly text: string }
    | { readonly kind: "member"; readonly of: Expression; readonly name: string }
    | { readonly kind: "call"; readonly of: Expression; readonly args: readonly Argument[] }
    /** `Entity{field: value}`: the one with these values, or nothing. */
    | { readonly kind: "lookup"; readonly of: Expression; readonly args: readonly Argument[] }
    | { readonly kind: "unary"; readonly operator: Unary; readonly of: Expression }
    | {
        readonly kind: "binary";
        readonly operator: string;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "filter";
        readonly word: "where" | "with";
        readonly of: Expression;
        readonly condition: Expression;
      }
    | { readonly kind: "mapped"; readonly of: Expression; readonly to: Expression }
    | { readonly kind: "set" | "list"; readonly items: readonly Expression[] }
    | { readonly kind: "object"; readonly args: readonly Argument[] }
    | { readonly kind: "lambda"; readonly parameter: string; readonly body: Expression }
    | {
        readonly kind: "if";
        readonly condition: Expression;
        readonly yes: Expression;
        readonly no: Expression | null;
      }
    | {
        readonly kind: "for";
        readonly binding: string;
        readonly of: Expression;
        readonly body: Expression;
      }
    | {
        readonly kind: "let";
        readonly name: string;
        readonly value: Expression;
        readonly body: Expression;
      }
  );
export type LiteralType =
  | "Integer"
  | "Decimal"
  | "String"
  | "Boolean"
  | "Duration"
  | "Timestamp"
  | "null";
export type Unary = "not" | "exists" | "-";

export interface TypeName extends Place {
  readonly module: string | null;
  readonly name: string;
  readonly args: readonly TypeName[];
  readonly optional: boolean;
}

export interface Parameter extends Place {
  readonly name: string;
  readonly optional: boolean;
  readonly type: TypeName | null;
}

export interface Call extends Place {
  readonly module: string | null;
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

export type Trigger = Place &
  (
    | { readonly kind: "calls"; readonly calls: readonly Call[] }
    | {
        readonly kind: "moves";
        readonly subject: Subject;
        readonly field: string;
        readonly to: string;
        readonly word: string;
      }
    | { readonly kind: "holds"; readonly subject: Subject; readonly condition: Expression }
    | { readonly kind: "created"; readonly subject: Subject }
  );
export interface Subject extends Place {
  readonly binding: string;
  readonly type: TypeName;
}

export type Effect = Place &
  (
    | { readonly kind: "assign"; readonly target: Expression; readonly value: Expression }
    | { readonly kind: "create"; readonly type: TypeName; readonly args: readonly Argument[] }
    | { readonly kind: "remove"; readonly of: Expression }
    | {
        readonly kind: "emit";
        readonly module: string | null;
        readonly name: string;
        readonly args: readonly Argument[];
      }
    /** A method of a collection, a deferred call, a condition on the state after. */
    | { readonly kind: "other"; readonly of: Expression }
    | {
        readonly kind: "if";
        readonly arms: readonly {
          readonly condition: Expression | null;
          readonly effects: readonly Effect[];
        }[];
      }
    | {
        readonly kind: "for";
        readonly binding: string;
        readonly of: Expression;
        readonly effects: readonly Effect[];
      }
    | { readonly kind: "let"; readonly name: string; readonly value: Expression }
  );

/** What a rule says after its trigger, in order. */
export type Clause = Place &
  (
    | { readonly kind: "let"; readonly name: string; readonly value: Expression }
    | { readonly kind: "requires"; readonly condition: Expression }
    | { readonly kind: "ensures"; readonly effects: readonly Effect[] }
    | {
        readonly kind: "for";
        readonly binding: string;
        readonly of: Expression;
        readonly clauses: readonly Clause[];
      }
  );

/** `@invariant Name`, `@guarantee Name`, `@guidance`: prose. */
export interface Note extends Place {
  readonly word: string;
  readonly name: string | null;
  readonly lines: readonly string[];
}

export type Member = Place & { readonly name: string } & (
    | { readonly kind: "field"; readonly type: TypeName; readonly when: Expression | null }
    | { readonly kind: "choice"; readonly literals: readonly string[] }
    | { readonly kind: "relation"; readonly type: TypeName; readonly condition: Expression }
    | {
        readonly kind: "derived";
        readonly parameters: readonly string[];
        readonly value: Expression;
      }
  );

export interface Lifecycle extends Place {
  readonly field: string;
  readonly edges: readonly (Place & { readonly from: string; readonly to: string })[];
  readonly terminal: readonly string[];
}

export interface Invariant extends Place {
  readonly name: string;
  readonly body: Expression;
}

export interface Operation extends Place {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: TypeName;
}

export interface Provided extends Place {
  readonly call: Call;
  readonly when: Expression | null;
}

export type Declaration = Place & { readonly name: string } & (
    | RecordBody
    | { readonly kind: "enum"; readonly literals: readonly string[] }
    | {
        readonly kind: "rule";
        readonly when: Trigger | null;
        readonly clauses: readonly Clause[];
        readonly notes: readonly Note[];
      }
    | { readonly kind: "invariant"; readonly body: Expression }
    | {
        readonly kind: "contract";
        readonly operations: readonly Operation[];
        readonly notes: readonly Note[];
      }
    | {
        readonly kind: "actor";
        readonly within: TypeName | null;
        readonly identified: Expression | null;
      }
    | SurfaceBody
    | { readonly kind: "default"; readonly type: TypeName; readonly args: readonly Argument[] }
    | { readonly kind: "deferred" }
  );
/** Things with fields: entities and values. */
export interface RecordBody {
  readonly kind: "entity" | "external entity" | "value" | "variant";
  readonly base: TypeName | null;
  readonly members: readonly Member[];
  readonly lifecycles: readonly Lifecycle[];
  readonly invariants: readonly Invariant[];
}
export interface SurfaceBody {
  readonly kind: "surface";
  readonly facing: Binding | null;
  readonly contexts: readonly Binding[];
  readonly lets: readonly { readonly name: string; readonly value: Expression }[];
  readonly exposes: readonly Expression[];
  readonly provides: readonly Provided[];
  readonly demands: readonly TypeName[];
  readonly fulfils: readonly TypeName[];
  readonly related: readonly Expression[];
  readonly timeouts: readonly TypeName[];
  readonly notes: readonly Note[];
}
export interface Binding extends Place {
  readonly name: string;
  readonly type: TypeName;
  readonly condition: Expression | null;
}

export type Kind = Declaration["kind"];
export type Of<K extends Kind> = Exclude<Extract<Declaration, { readonly kind: K }>, RecordBody>;
export type Rule = Of<"rule">;
export type Record = Place & { readonly name: string } & RecordBody;
export type Surface = Of<"surface">;

export interface Use extends Place {
  readonly path: string;
  readonly alias: string;
}
export interface Setting extends Place {
  readonly name: string;
  readonly type: TypeName | null;
  readonly value: Expression | null;
}

/** One file. */
export interface Module {
  readonly path: string;
  readonly uses: readonly Use[];
  readonly given: readonly Setting[];
  readonly config: readonly Setting[];
  /** `alias/config { … }`. */
  readonly overrides: readonly (Setting & { readonly module: string })[];
  readonly declarations: readonly Declaration[];
  readonly questions: readonly Place[];
  readonly comments: readonly Comment[];
}
