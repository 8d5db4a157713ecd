/** Which kind of run shows a bug. */
export type How = { readonly run: "soak" | "nothing" };
