/** Obligations that no test shows, each with the reason; one that a test shows, or nobody wrote, fails `npm test`. */
import type { Waivers } from "./reader/trace.ts";

export const WAIVERS: Waivers = {
  ReadableTopToBottom: "a quality of the source, which only a reader can judge",
};
