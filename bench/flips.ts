// Turns single bytes of what every object and the Ledger have stored, one after another, and looks at what anybody is then told:
// npm run flips -- [--flips 1000] [--seed 1]. Prints counts by table; exits with 0 if nobody was told anything wrong, 2 if somebody was, 1 for wrong arguments.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { quietEnvironment, root, toolArguments } from "./lib/tools.ts";

const EXIT = { usage: 1, wrong: 2 } as const;

function whole(name: string, text: string): string {
  if (/^\d{1,9}$/.test(text)) return text;
  throw new TypeError(`--${name} is a whole number, not ${text}`);
}

function asked(): { readonly FLIPS: string; readonly FLIP_SEED: string } {
  const { values } = parseArgs({
    options: {
      flips: { type: "string", default: "1000" },
      seed: { type: "string", default: "1" },
    },
  });
  return { FLIPS: whole("flips", values.flips), FLIP_SEED: whole("seed", values.seed) };
}

function run(variables: ReturnType<typeof asked>): Promise<number> {
  const args = toolArguments("vitest", ["run", "--project", "flips"]);
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...quietEnvironment, ...variables },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0 ? 0 : EXIT.wrong));
  });
}

try {
  process.exitCode = await run(asked());
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.usage;
}
