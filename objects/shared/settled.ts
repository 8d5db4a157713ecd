/** What a client is told an event came to: one text, made alike by whoever answers. */
import { canonical } from "./canonical.ts";
import type { Certificate, Header, Outcome, Receipt } from "./types.ts";

/** RFC 3339 in UTC with milliseconds. */
export function timestamp(milliseconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- writing down a given time reads no clock
  return new Date(milliseconds).toISOString();
}

/** `index` is the outcome's place in the block, `outcome` its leaf hash. */
export function receiptOf(
  header: Header,
  certificate: Pick<Certificate, "block">,
  index: number,
  outcome: string,
): Receipt {
  return {
    court: header.court,
    height: header.height,
    index,
    streamTime: timestamp(header.time),
    domainVersion: header.domainVersion,
    block: certificate.block,
    outcome,
  };
}

/** Canonical text of { id, source, type, status, changes or reason, receipt }: the contract's reply to one event. */
export function settledBody(outcome: Outcome, receipt: Receipt): string {
  const { id, source, type, status, reason, changes } = outcome;
  const result = status === "accepted" ? { changes } : { reason };
  return canonical({ id, source, type, status, ...result, receipt });
}
