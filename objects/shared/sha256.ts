/** SHA-256 (FIPS 180-4) of short messages: a call into the runtime costs several times what hashing a row does (`npm run bench -- --profile`). */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (4.2.2). */
const K = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

const BLOCK = 64;
/** A byte of ones and the length in bits. */
const PADDING = 9;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Room for a message of so many bytes and its padding (5.1.1). */
export function paddedBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((length + PADDING) / BLOCK) * BLOCK);
  bytes[length] = 0x80;
  const bits = length * 8;
  // Messages here are far shorter than 2^32 bits.
  for (let at = 1; at <= 4; at++) bytes[bytes.length - at] = bits >>> (8 * (at - 1));
  return bytes;
}

/** The digest of a message that lies in its {@link paddedBytes}, in lower-case hex. */
export function digestOf(bytes: Uint8Array): string {
  const hash = Int32Array.of(
    0x6a09e667,
    0xbb67ae85,
    0x3c6ef372,
    0xa54ff53a,
    0x510e527f,
    0x9b05688c,
    0x1f83d9ab,
    0x5be0cd19,
  );
  const words = new Int32Array(BLOCK);
  const view = new DataView(bytes.buffer);
  for (let from = 0; from < bytes.length; from += BLOCK) {
    schedule(words, view, from);
    compress(hash, words);
  }
  let text = "";
  for (let index = 0; index < 8; index++) text += hexOf(hash[index] as number);
  return text;
}

function hexOf(word: number): string {
  return (
    (HEX[word >>> 24] as string) +
    (HEX[(word >>> 16) & 255] as string) +
    (HEX[(word >>> 8) & 255] as string) +
    (HEX[word & 255] as string)
  );
}

/** The message schedule of one block (6.2.2, step 1). */
function schedule(words: Int32Array, view: DataView, from: number): void {
  for (let index = 0; index < 16; index++) words[index] = view.getInt32(from + index * 4);
  for (let index = 16; index < BLOCK; index++) {
    const x = words[index - 15] as number;
    const y = words[index - 2] as number;
    const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[index] =
      ((words[index - 16] as number) + small0 + (words[index - 7] as number) + small1) | 0;
  }
}

/** One block (6.2.2, steps 2 to 4); letters as there. */
function compress(hash: Int32Array, words: Int32Array): void {
  let a = hash[0] as number;
  let b = hash[1] as number;
  let c = hash[2] as number;
  let d = hash[3] as number;
  let e = hash[4] as number;
  let f = hash[5] as number;
  let g = hash[6] as number;
  let h = hash[7] as number;
  for (let round = 0; round < BLOCK; round++) {
    const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 =
      (h + big1 + ((e & f) ^ (~e & g)) + (K[round] as number) + (words[round] as number)) | 0;
    const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  hash[0] = (hash[0] as number) + a;
  hash[1] = (hash[1] as number) + b;
  hash[2] = (hash[2] as number) + c;
  hash[3] = (hash[3] as number) + d;
  hash[4] = (hash[4] as number) + e;
  hash[5] = (hash[5] as number) + f;
  hash[6] = (hash[6] as number) + g;
  hash[7] = (hash[7] as number) + h;
}
