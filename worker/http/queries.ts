/** The query of every read: what validates it, and what the description of the contract is made from. */
import { z } from "zod";
import { LIMITS } from "../../objects/shared/limits.ts";
import type { Mark } from "../follow.ts";

const DEFAULT_ITEMS = 100;

/** The members of every listing's query. */
const page = {
  after: z.string().optional().meta({ description: "`next` of the page before." }),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, "must be a number")
    .transform(Number)
    .refine(
      (limit) => limit >= 1 && limit <= LIMITS.pageItems,
      `must be from 1 to ${LIMITS.pageItems}`,
    )
    .default(DEFAULT_ITEMS)
    .meta({
      description: "Items of the page, at most.",
      override: {
        type: "integer",
        minimum: 1,
        maximum: LIMITS.pageItems,
        default: DEFAULT_ITEMS,
        pattern: undefined,
      },
    }),
};

const courtBelow = (courts: number) =>
  z.coerce
    .number()
    .int()
    .min(0)
    .max(courts - 1);

export const eventQuery = z.object({
  source: z.string().default("/"),
  proof: z.enum(["0", "1"]).default("0").meta({ description: "1: with what verifies it offline." }),
});

export const eventsQuery = (courts: number) =>
  z.object({
    ...page,
    type: z.string().optional(),
    entity: z.string().optional().meta({ description: "`type/id`: the events that changed it." }),
    court: courtBelow(courts).optional(),
  });

/** `<height>.<index>`: the id of what a stream sends. */
export const mark = z
  .string()
  .regex(/^\d{1,15}\.\d{1,15}$/, "must be <height>.<index>")
  .transform((text): Mark => {
    const [height = 0, index = 0] = text.split(".").map(Number);
    return { height, index };
  });

export const streamQuery = (courts: number) =>
  z.object({
    court: courtBelow(courts).default(0),
    after: mark.optional().meta({ description: "Where to begin; Last-Event-ID outweighs it." }),
  });

export const CONSISTENCIES = ["agreed", "local", "ledger"] as const;

export const entityQuery = z.object({
  consistency: z.enum(CONSISTENCIES).default("agreed").meta({
    description:
      "agreed: no older than any outcome answered before; local: the nearest warm copy; ledger: as published.",
  }),
});

export const historyQuery = z.object(page);

export const entitiesQuery = z.object({
  ...page,
  type: z.string().optional(),
  prefix: z
    .string()
    .default("")
    .meta({ description: "Of the id, or of `type/id` without a type." }),
});

export const incidentsQuery = (seats: number) =>
  z.object({
    after: z
      .string()
      .regex(/^\d{1,15}(\.\d{1,15})*$/)
      .transform((cursor) => cursor.split(".").map(Number))
      .refine((places) => places.length === seats, "is not a cursor of this court")
      .default(Array.from({ length: seats }, () => 0))
      .meta({
        description: "`next` of the page before.",
        override: { type: "string", default: undefined },
      }),
  });
