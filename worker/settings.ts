/** What is configured of the Worker alone: no object sees it, and the genesis does not hold it. */
import { z } from "zod";

const origins = z.string().transform((text, context): readonly string[] => {
  const listed = text.split(",").map((each) => each.trim());
  const given = listed.filter((each) => each !== "");
  for (const origin of given) {
    if (origin !== "*" && !isOrigin(origin)) context.addIssue(`${origin} is no origin`);
  }
  return given;
});

const variables = z.object({
  LOG: z.enum(["requests", "failures", "off"]).default("requests"),
  CORS_ORIGINS: origins.default([]),
  QUEUE_TENANT: z
    .string()
    .regex(/^([A-Za-z0-9._-]{1,64})?$/)
    .default(""),
});

export interface Settings {
  /** Which requests leave a line in the log; `failures` are those that are answered 500 or above. */
  readonly log: "requests" | "failures" | "off";
  /** Origins of pages that may read answers; `*` is any. */
  readonly origins: readonly string[];
  /** Whose the events of the queue are; empty where none are taken. */
  readonly queueTenant: string;
}

/** Throws a `ZodError`. */
export function settingsOf(env: object): Settings {
  const { LOG, CORS_ORIGINS, QUEUE_TENANT } = variables.parse(env);
  return { log: LOG, origins: CORS_ORIGINS, queueTenant: QUEUE_TENANT };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
