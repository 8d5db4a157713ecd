/** Short messages are hashed here, long ones by the runtime: both are SHA-256, as Node's own has it. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256, sha256Leaf, sha256Node } from "../objects/shared/node/crypto.ts";

const plain = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

describe("SHA-256 (FIPS 180-4)", () => {
  it("is that of Node at every length around the blocks, and around where the runtime takes over", () => {
    const lengths = [...Array.from({ length: 260 }, (_, length) => length), 2046, 2047, 2048, 2049];
    for (const length of lengths) {
      const text = Array.from({ length }, (_, at) => String.fromCharCode((at * 7 + length) % 128));
      expect(sha256(text.join("")), `${length}`).toBe(plain(text.join("")));
      expect(sha256Leaf(0, text.join("")), `${length}`).toBe(plain("\0", text.join("")));
    }
  });

  it("is that of Node for whatever text, also where it is not ASCII", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.string({ unit: "grapheme" }),
    );
    fc.assert(
      fc.property(text, (one) => {
        expect(sha256(one)).toBe(plain(one));
        expect(sha256Leaf(0, one)).toBe(plain("\0", one));
      }),
    );
  });

  it("joins two digests as RFC 6962 has it", () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const hex = (one: Uint8Array): string => Buffer.from(one).toString("hex");
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        const joined = plain(Uint8Array.of(1), left, right);
        expect(sha256Node(1, hex(left), hex(right))).toBe(joined);
      }),
    );
  });
});
