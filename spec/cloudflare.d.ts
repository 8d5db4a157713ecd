import type { D1Migration } from "cloudflare:test";
import type { Env as WorkerEnv } from "../worker/context.ts";

declare global {
  namespace Cloudflare {
    interface Env extends WorkerEnv {
      readonly TEST_MIGRATIONS: D1Migration[];
      /** Of the pool that turns bytes: how many, and from which seed. */
      readonly FLIPS: string;
      readonly FLIP_SEED: string;
    }
    interface GlobalProps {
      mainModule: typeof import("../worker/index.ts");
    }
  }
}
