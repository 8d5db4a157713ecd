/** A request's body, counted while it is read: nothing above the limit is ever held. */
import { LIMITS } from "../../objects/shared/limits.ts";
import { Problem } from "./problems.ts";

/** The text of a UTF-8 body; throws `too-large` or `malformed`. */
// Rule: RefuseTooLarge.
export async function readBody(request: Request): Promise<string> {
  const declared = request.headers.get("Content-Length") ?? "";
  if (/^\d+$/.test(declared) && Number(declared) > LIMITS.requestBytes) throw tooLarge();
  const decode = utf8Decoder();
  let text = "";
  let bytes = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) break;
    bytes += part.value.byteLength;
    if (bytes > LIMITS.requestBytes) {
      await reader?.cancel();
      throw tooLarge();
    }
    text += decode(part.value);
  }
  return text + decode();
}

/** Decodes one part after the other, and without one the end; throws `malformed`. */
function utf8Decoder(): (part?: Uint8Array) => string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  return (part) => {
    try {
      return part === undefined ? decoder.decode() : decoder.decode(part, { stream: true });
    } catch {
      throw new Problem("malformed", "The body is not UTF-8.");
    }
  };
}

function tooLarge(): Problem {
  return new Problem("too-large", `A request has at most ${LIMITS.requestBytes} bytes.`);
}
