/** The binary content mode of the CloudEvents HTTP binding 1.0: attributes are headers, the body is the data. */
import { Problem } from "./problems.ts";

const ATTRIBUTES = ["specversion", "id", "source", "type", "subject", "time", "sentat"] as const;

/** Any of the required attributes as a header means this mode; which are missing is told later. */
export function hasAttributes(headers: Headers): boolean {
  return ["ce-specversion", "ce-id", "ce-source", "ce-type"].some((header) => headers.has(header));
}

/** The attributes that are kept, decoded; throws `malformed`. The table of modes asks for no `ce-specversion`, so it may be left out. */
export function attributesOf(headers: Headers): Record<string, string> {
  const attributes: Record<string, string> = { specversion: "1.0" };
  for (const attribute of ATTRIBUTES) {
    const header = headers.get(`ce-${attribute}`);
    if (header !== null) attributes[attribute] = decoded(header, attribute);
  }
  return attributes;
}

/** Section 3.1.3.2 of the binding: first a quoted string is unescaped, then percent-encoding is undone once. */
function decoded(header: string, attribute: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(header)?.[1];
  try {
    return decodeURIComponent(quoted?.replaceAll(/\\(.)/g, "$1") ?? header);
  } catch {
    const detail = "is not percent-encoded UTF-8";
    throw new Problem("malformed", "A header cannot be read.", [
      { pointer: `/${attribute}`, detail },
    ]);
  }
}
