/** What is answered, as shapes: the description of the contract is made from them, and tests hold real answers against them. */
import { z } from "zod";
import { controlShape } from "../../../objects/shared/control.ts";
import { KINDS } from "../problems.ts";

const natural = z.int().min(0);
const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ id: "Digest", description: "SHA-256, lower-case hex." });
const signature = z
  .string()
  .regex(/^[0-9a-f]{128}$/)
  .meta({ id: "Signature", description: "Ed25519, lower-case hex." });
const instant = z.iso.datetime();
const json = z.unknown().meta({ description: "Any JSON." });

export const problem = z
  .strictObject({
    type: z.enum(Object.keys(KINDS).map((slug) => `/problems/${slug}`)),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    errors: z
      .array(z.strictObject({ pointer: z.string(), detail: z.string() }))
      .optional()
      .meta({
        description: "Where in the request something is wrong, as JSON pointers, and what.",
      }),
    id: z.string().optional().meta({ description: "Under which the log has it." }),
    boot: z.string().optional(),
    reasons: z.array(z.string()).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457." });

const receipt = z
  .strictObject({
    court: natural,
    height: natural,
    index: natural,
    streamTime: instant,
    domainVersion: natural,
    block: digest,
    outcome: digest,
  })
  .meta({
    id: "Receipt",
    description: "Where the outcome stands, and what it can be verified by.",
  });

const change = z
  .strictObject({ entity: z.string(), version: natural, state: json })
  .meta({ id: "Change" });
const reason = z.strictObject({ code: z.string(), detail: z.string() });
const name = { id: z.string(), source: z.string(), type: z.string() };
const accepted = { ...name, status: z.literal("accepted"), changes: z.array(change), receipt };
const rejected = { ...name, status: z.literal("rejected"), reason, receipt };
// Only listings show it: whoever sends a key again is told the first outcome.
const duplicate = {
  ...name,
  status: z.literal("duplicate"),
  first: z.strictObject({ height: natural, index: natural }),
  receipt,
};

export const outcome = z
  .discriminatedUnion("status", [z.strictObject(accepted), z.strictObject(rejected)])
  .meta({
    id: "Outcome",
    description: "What an event came to; a rejection by the domain is one, too.",
  });

export const promised = z
  .strictObject({ id: z.string(), status: z.literal("pending"), location: z.string() })
  .meta({
    id: "Promised",
    description: "Stored durably; it will be decided though nobody asks again.",
  });

const replayed = z.literal(true).optional();
const refused = z.strictObject({
  id: z.string().optional(),
  status: z.enum(["invalid", "conflict", "refused", "pending"]),
  problem,
});

/** Of an array: one for each event, in its order. */
export const elements = z.array(
  z
    .union([
      z.strictObject({ ...accepted, replayed }),
      z.strictObject({ ...rejected, replayed }),
      refused,
      promised,
    ])
    .meta({ id: "Element" }),
);

const cloudEvent = z
  .strictObject({
    specversion: z.literal("1.0"),
    ...name,
    subject: z.string().optional(),
    time: instant.optional(),
    sentat: instant.optional(),
    data: json,
  })
  .meta({ id: "CloudEvent" });

const vote = z.strictObject({ seat: natural, incarnation: natural, sequence: natural, signature });
const header = z
  .strictObject({
    court: natural,
    epoch: natural,
    height: natural,
    parent: digest,
    time: natural,
    domainVersion: natural,
    control: controlShape.nullable(),
    entries: z.array(z.tuple([digest, natural, natural, digest.nullable()])),
  })
  .meta({ id: "Header" });
const certificate = z
  .strictObject({
    court: natural,
    epoch: natural,
    height: natural,
    view: natural,
    batch: digest,
    result: digest,
    block: digest,
    signatures: z.array(vote),
  })
  .meta({ id: "Certificate" });
const result = z
  .strictObject({ prior: digest, count: natural, root: z.string(), state: digest.nullable() })
  .meta({ id: "Result" });

const genesisDocument = z
  .strictObject({
    protocol: natural,
    generation: z.string(),
    mode: z.string(),
    seats: natural,
    courts: natural,
    wardens: natural,
    windowMs: natural,
    rootEvery: natural,
    domains: z.array(z.string()),
    domainVersion: natural,
    time: natural,
    keys: z.record(z.string(), digest),
  })
  .meta({ id: "GenesisDocument" });

const proof = z
  .strictObject({
    header,
    certificate,
    result,
    index: natural,
    path: z.array(digest),
    outcome: z.string(),
    genesis: genesisDocument,
    controls: z.array(z.strictObject({ header, certificate })),
  })
  .meta({ id: "Proof" });

// An effect of the system, such as an expiry, is made by no event.
const shown = { event: cloudEvent.nullable(), published: z.boolean(), proof: proof.optional() };

export const found = z
  .discriminatedUnion("status", [
    z.strictObject({ ...accepted, ...shown }),
    z.strictObject({ ...rejected, ...shown }),
    z.strictObject({ ...duplicate, ...shown }),
    z.strictObject({ ...name, status: z.literal("pending"), ...shown }),
  ])
  .meta({ id: "FoundEvent" });

export const pageOf = (item: z.ZodType) =>
  z.strictObject({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: "Cursor of what follows; null where nothing does yet." }),
  });

const version = { entity: z.string(), version: natural, state: json, height: natural };
export const entity = z.strictObject(version).meta({ id: "Entity" });
export const entityVersion = z
  .strictObject({ ...version, event: found })
  .meta({ id: "EntityVersion" });

const member = z
  .strictObject({
    seat: natural,
    region: z.string(),
    publicKey: digest,
    role: z.enum(["leader", "follower"]),
    view: natural.nullable(),
    height: natural.nullable(),
    stage: z.enum([
      "starting",
      "restoring",
      "replaying",
      "verifying",
      "ready",
      "quarantined",
      "unreachable",
    ]),
    ready: z.boolean(),
    reason: z.string().optional(),
    progress: z
      .strictObject({
        done: natural,
        of: natural,
        what: z.enum(["parts", "heights", "damaged rows", "tables"]),
      })
      .optional(),
    lastSeen: instant.nullable(),
    dissents: natural,
  })
  .meta({ id: "Member" });

export const court = z
  .strictObject({
    court: natural,
    mode: z.enum(["bft", "detect", "solo"]),
    quorum: natural,
    view: natural,
    leader: natural,
    height: natural,
    published: natural,
    members: z.array(member),
  })
  .meta({ id: "Court" });

const writ = z.strictObject({
  court: natural,
  warden: natural,
  number: natural,
  events: z.array(z.string()),
  seal: signature,
});
const entry = z.strictObject({ writ, first: natural, count: natural, poison: json.optional() });
export const block = z
  .strictObject({
    header,
    entries: z.array(entry),
    result,
    outcomes: z.array(z.string()).meta({ description: "Canonical texts, in order." }),
    certificate,
  })
  .meta({ id: "Block" });

export const incident = z
  .strictObject({
    id: natural,
    at: instant,
    kind: z.string(),
    height: natural,
    seat: natural.nullable().meta({ description: "Whom it is about, if anybody." }),
    evidence: json,
    notedBy: natural,
  })
  .meta({ id: "Incident" });

export const attestation = z
  .strictObject({ seat: natural, height: natural, block: digest, signature })
  .meta({ id: "Attestation" });

export const genesis = z.strictObject({
  digest,
  document: genesisDocument,
  signatures: z.record(z.string(), signature),
});

export const token = z.strictObject({
  name: z.string(),
  tenant: z.string(),
  scopes: z.array(z.enum(["submit", "read", "operate"])),
});

export const live = z.strictObject({ status: z.literal("live"), boot: z.string() });
export const ready = z.strictObject({
  status: z.literal("ready"),
  boot: z.string(),
  genesis: digest,
  reasons: z.array(z.string()),
});

export const ordered = z.strictObject({
  court: natural,
  seat: natural,
  publicKey: digest,
  endorsedBy: z.array(natural),
});
export const orderedWarden = z.strictObject({
  warden: natural,
  courts: z.array(
    z.strictObject({ court: natural, publicKey: digest, endorsedBy: z.array(natural) }),
  ),
});
export const rebuilding = z.strictObject({ court: natural, seat: natural });
