/** Obligations that no test shows, each with the reason; one that a test shows, or nobody wrote, fails `npm test`. */
import type { Waivers } from "./reader/trace.ts";

export const WAIVERS: Waivers = {
  ReadableTopToBottom: "a quality of the source, which only a reader can judge",
  BoundedByState:
    "what a process keeps alive shows in no figure that is the same twice; the class says what it holds",
};
