/** What the Mutator makes of a state, a writ, a wish or an objection: each with one thing in it that is not so. */
import { REASONS } from "../../../objects/clerk/consensus/messages.ts";
import type { Message, ViewChange } from "../../../objects/clerk/consensus/messages.ts";
import type { Control } from "../../../objects/shared/control.ts";
import { LIMITS } from "../../../objects/shared/limits.ts";
import type { Block, Certificate, Head, Writ } from "../../../objects/shared/types.ts";
import type { Dice } from "../../kit/dice.ts";
import type { Of } from "./mouth.ts";

/** Of another court or epoch than it was given in. */
export function estranged<T extends { readonly court: number; readonly epoch: number }>(
  one: T,
  dice: Dice,
): T {
  return dice.one([
    { ...one, court: one.court + 1 },
    { ...one, epoch: one.epoch + 1 },
    { ...one, epoch: Math.max(0, one.epoch - 1) },
  ]);
}

/** Its head and its certificate speak of different things. */
export function disjoint(block: Block, dice: Dice): Block {
  const { header, certificate, result } = block;
  return dice.one<Block>([
    { ...block, certificate: { ...certificate, height: certificate.height + 1 } },
    { ...block, header: { ...header, time: header.time + 1 } },
    { ...block, header: { ...header, epoch: header.epoch + 1 } },
    { ...block, result: { ...result, state: result.state === null ? result.root : null } },
    { ...block, certificate: estranged(certificate, dice) },
  ]);
}

/** Other events than its digest or its court allows for. */
export function otherWrit(writ: Writ, dice: Dice): Writ {
  const [event = "", ...others] = writ.events;
  return dice.one<Writ>([
    { ...writ, number: Math.max(1, writ.number + dice.one([-1, 1])) },
    { ...writ, court: writ.court + 1 },
    { ...writ, warden: writ.warden + 64 },
    // Of the same digest.
    { ...writ, events: [writ.events.join("\n")] },
    { ...writ, events: [`${event}\n`, ...others] },
    { ...writ, events: [`${event}\ud800`, ...others] },
    { ...writ, events: [event.padEnd(LIMITS.writBytes, "é"), ...others] },
  ]);
}

export function otherControl(control: Control, dice: Dice): Control {
  if (control.kind === "version")
    return { ...control, domainVersion: control.domainVersion + dice.one([0, 1, 2 ** 40]) };
  return dice.one<Control>([
    { ...control, key: "0".repeat(64) },
    { ...control, officer: { kind: "clerk", seat: dice.below(8) } },
    { ...control, officer: { kind: "warden", warden: dice.below(8) } },
  ]);
}

export function otherReject(message: Of<"reject">, dice: Dice): Of<"reject"> {
  return dice.one<Of<"reject">>([
    { ...message, reason: dice.one(REASONS) },
    { ...message, view: message.view + 1 },
    { ...message, height: message.height + 1 },
  ]);
}

export function otherOffer(
  offer: Of<"state-offer">,
  dice: Dice,
  certificate: (one: Certificate) => Certificate,
): Of<"state-offer"> {
  const { anchor, rooted, parts, controls } = offer;
  const moved = ({ header, ...rest }: Head, by: number): Head => {
    return { ...rest, header: { ...header, height: header.height + by } };
  };
  return dice.one<Of<"state-offer">>([
    { ...offer, anchor: moved(anchor, 1) },
    { ...offer, rooted: moved(rooted, 1) },
    { ...offer, rooted: anchor },
    { ...offer, parts: parts.slice(1) },
    { ...offer, parts: parts.map((part) => ({ ...part, count: part.count + 1 })) },
    { ...offer, controls: controls.slice(1) },
    { ...offer, controls: [...controls, ...controls] },
    { ...offer, controls: [{ header: anchor.header, certificate: anchor.certificate }] },
    { ...offer, anchor: { ...anchor, certificate: certificate(anchor.certificate) } },
    { ...offer, rooted: { ...rooted, certificate: certificate(rooted.certificate) } },
  ]);
}

export function otherChunk(chunk: Of<"state-chunk">, dice: Dice): Of<"state-chunk"> {
  const { rows } = chunk;
  return dice.one<Of<"state-chunk">>([
    { ...chunk, rows: rows.slice(1) },
    { ...chunk, rows: rows.toReversed() },
    { ...chunk, rows: [], last: false },
    { ...chunk, rows: rows.slice(0, 1), last: false },
    { ...chunk, last: !chunk.last },
    { ...chunk, part: chunk.part + 1 },
  ]);
}

/** Of an earlier epoch, of another court, or with a certificate that is. */
export function otherChange(change: ViewChange, dice: Dice): ViewChange {
  const { certificate } = change;
  if (certificate === null || dice.percent(50)) return estranged(change, dice);
  return { ...change, certificate: estranged(certificate, dice) };
}

/** As if a height were decided already that is not: its sender's epoch may be over by then. */
export function ahead(message: Message): Message {
  if (message.kind === "prepare" || message.kind === "commit" || message.kind === "reject")
    return { ...message, height: message.height + 1 };
  if (message.kind !== "proposal") return message;
  const { batch } = message;
  const header = { ...batch.header, height: batch.header.height + 1 };
  return { ...message, batch: { ...batch, header } };
}
