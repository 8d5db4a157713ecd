/** What may be submitted: the envelope that validates it, with each event type's own data. */
import { z } from "zod";
import { DOMAINS } from "../../../objects/arbiter/registry.ts";
import { LIMITS } from "../../../objects/shared/limits.ts";
import { envelope } from "../events.ts";

// What plain JSON may leave out: it has defaults, or the header Idempotency-Key.
const plain = envelope.partial({ specversion: true, source: true, id: true });
const whole = z.object({
  specversion: envelope.shape.specversion,
  id: z.string(),
  source: z.string(),
});

const data = new Map(
  DOMAINS.types.map((type): [string, z.ZodType] => [
    type,
    (DOMAINS.eventType(type)?.schema ?? z.never()).meta({ id: `${type}.data` }),
  ]),
);

const ofType = (type: string) =>
  plain.extend({ type: z.literal(type), data: data.get(type) ?? z.never() }).meta({ id: type });

const [first, ...rest] = DOMAINS.types.map(ofType);

export const event = z
  .discriminatedUnion("type", first === undefined ? [ofType("none")] : [first, ...rest])
  .meta({ id: "Event", description: `At most ${LIMITS.eventBytes} bytes.` });

export const structured = z.intersection(event, whole).meta({
  id: "StructuredEvent",
  description: "A CloudEvent in the structured content mode: nothing has a default.",
});

export const events = z.array(event).max(LIMITS.requestEvents);
export const batch = z.array(structured).max(LIMITS.requestEvents);

/** The binary content mode: attributes are headers, the body is the data. */
export const binaryData = z.union([...data.values()]);
