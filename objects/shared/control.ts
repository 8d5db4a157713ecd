/** Control events: what an operator has a court decide about the court itself. */
import { z } from "zod";
import { canonical } from "./canonical.ts";

const natural = z
  .number()
  .int()
  .min(0)
  .max(2 ** 52);

const officerShape = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("clerk"), seat: natural }),
  z.strictObject({ kind: z.literal("warden"), warden: natural }),
]);

/** What an operator asks for. The key is not in it: each seat fetches it from the named object itself. */
const requestShape = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("key"), officer: officerShape }),
  z.strictObject({ kind: z.literal("version"), domainVersion: natural }),
]);

/** As it stands in a header. */
export const controlShape = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("key"),
    officer: officerShape,
    key: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  z.strictObject({ kind: z.literal("version"), domainVersion: natural }),
]);

/** Another public key for an officer of the court, or another version of the domain, from the next height on. */
export type Control = z.infer<typeof controlShape>;
export type ControlRequest = z.infer<typeof requestShape>;

/** A text from elsewhere as a request; null if it is none. */
export function requestIn(text: string): ControlRequest | null {
  try {
    return requestShape.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** What a control is about: of two about the same, the later one stands. */
export function subjectOf(control: ControlRequest | Control): string {
  if (control.kind === "version") return "version";
  const { officer } = control;
  return officer.kind === "clerk" ? `clerk/${officer.seat}` : `warden/${officer.warden}`;
}

/** The tenant of what courts decide about themselves. */
export const COURT_TENANT = "assize";

/** Canonical text of the one outcome of a control; it stands behind the block's expiries. */
export function controlOutcome(control: Control): string {
  const what = control.kind === "key" ? control.key : String(control.domainVersion);
  return canonical({
    changes: [],
    id: `${subjectOf(control)}/${what}`,
    source: "/",
    status: "accepted",
    tenant: COURT_TENANT,
    type: `assize.${control.kind}`,
  });
}
