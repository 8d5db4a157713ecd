/** What may be submitted: the envelope that validates it, with the data of each event type that the deployment takes. */
import { z } from "zod";
import type { Registry } from "../../../objects/arbiter/registry.ts";
import { LIMITS } from "../../../objects/shared/limits.ts";
import { envelope } from "../events.ts";

// What plain JSON may leave out: it has defaults, or the header Idempotency-Key.
const plain = envelope.partial({ specversion: true, source: true, id: true });
const whole = z.object({
  specversion: envelope.shape.specversion,
  id: z.string(),
  source: z.string(),
});

export interface Bodies {
  readonly event: z.ZodType;
  readonly events: z.ZodType;
  /** Structured content mode, one and many. */
  readonly structured: z.ZodType;
  readonly batch: z.ZodType;
  /** The binary content mode: attributes are headers, the body is the data. */
  readonly binaryData: z.ZodType;
}

export function bodiesOf(registry: Registry): Bodies {
  const data = new Map(
    registry.types.map((type): [string, z.ZodType] => [
      type,
      (registry.eventType(type)?.schema ?? z.never()).meta({ id: `${type}.data` }),
    ]),
  );
  const ofType = (type: string) =>
    plain.extend({ type: z.literal(type), data: data.get(type) ?? z.never() }).meta({ id: type });
  const [first, ...rest] = registry.types.map(ofType);
  const event = z
    .discriminatedUnion("type", first === undefined ? [ofType("none")] : [first, ...rest])
    .meta({ id: "Event", description: `At most ${LIMITS.eventBytes} bytes.` });
  const structured = z.intersection(event, whole).meta({
    id: "StructuredEvent",
    description: "A CloudEvent in the structured content mode: nothing has a default.",
  });
  return {
    event,
    events: z.array(event).max(LIMITS.requestEvents),
    structured,
    batch: z.array(structured).max(LIMITS.requestEvents),
    binaryData: z.union([...data.values()]),
  };
}
