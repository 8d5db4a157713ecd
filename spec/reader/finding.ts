/** What is wrong, where, and what to do about it. */
export const REMEDIES = {
  unreadable: "write it as Allium 3 has it",
  "unknown-file": "correct the path",
  "unknown-alias": "add a use, or correct it",
  "unknown-name": "declare it, or correct the name; all of an entity are its plural",
  "unknown-type": "declare it, or correct the name",
  "unknown-variant": "declare the variant, and name it in the discriminator",
  "unknown-field": "declare it, or correct the name",
  "unknown-literal": "write one of those there are",
  "unknown-config": "add it to config, or correct the name",
  "unknown-contract": "declare it, or correct the name",
  "unknown-rule": "correct the name",
  "unknown-surface": "correct the name",
  "unknown-method": "write a black-box function",
  "wrong-arguments": "give it what its contract says",
  "wrong-parameters": "give it the same everywhere",
  "unlike-compared": "compare like with like",
  "not-binds-first": "write not (a = b), or a != b",
  "not-a-collection": "write the plural, or a field that holds many",
  "not-assignable": "assign to what it follows from",
  "clock-in-invariant": "compare with a field",
  "duplicate-name": "rename one",
  "duplicate-local": "rename one",
  "field-unset": "give it, or make it optional",
  "field-never-set": "write the rule that does, or Told by and who in the comment above it",
  "rule-without-when": "add when:",
  "rule-without-ensures": "add ensures:",
  "timer-unguarded": "add the requires: that ends it",
  "timers-race": "let their states differ",
  "emission-unheard":
    "write the rule that does, or name it after Outward: in the guidance of the surface it leaves by",
  "outward-unsaid": "emit it, or take it out of Outward",
  "provided-unheard": "write the rule, or take it out of provides",
  "listener-unprovided":
    "provide it by a surface or emit it; what another file says is written alias/Name",
  "demand-unfulfilled": "write fulfils in the surface of whoever does",
  "demand-fulfilled-twice": "leave it to one",
  "fulfilled-undemanded": "write demands in the surface of whoever does, or take it out",
  "status-not-inline": "name the field status, and write its states in place: a | b",
  "two-lifecycles": "split the entity: the official checker takes the last one for status",
  "status-unset": "give it its first state",
  "terminal-left": "take out one of both",
  "no-exit": "add the edge, or say that it is terminal",
  "undeclared-edge": "declare the edge, or require another state",
  "edge-without-rule": "write the rule, or take the edge out",
  "state-unentered": "write the rule that makes it, or take the state out",
  "state-field-unset": "set it in the same rule",
  "state-field-kept": "set it to null in the same rule",
  "state-field-unguarded": "require the state first",
  unused: "say where it matters, or take it out",
  "no-source": "use the file that governs it",
  "open-question": "decide it, and say why in a comment",
} as const;
export type Code = keyof typeof REMEDIES;

export interface Finding {
  readonly code: Code;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

export const told = ({ path, line, problem, code }: Finding): string =>
  `${path}:${line}: ${problem}: ${REMEDIES[code]} [${code}]`;
