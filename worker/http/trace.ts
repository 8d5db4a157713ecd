/** W3C Trace Context (level 1): which trace of the client a request belongs to. */

export interface Trace {
  readonly trace: string;
  /** Of the client's span. */
  readonly parent: string;
  readonly flags: string;
}

const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Null for a header that is none: it is then as if there were no trace. */
export function traceOf(header: string | undefined): Trace | null {
  const [, version, trace = "", parent = "", flags = "", more] = SHAPE.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff") return null;
  // Later versions may say more behind it, this one not.
  if (version === "00" && more !== undefined) return null;
  return /^0+$/.test(trace) || /^0+$/.test(parent) ? null : { trace, parent, flags };
}
