// Stands between `npm start` and wrangler, as the leader of wrangler's process group: if the command is killed hard, the
// group ends all the same, and no runtime stays on the port.
import { spawn } from "node:child_process";

import { quietEnvironment, root, toolArguments } from "./tools.ts";

const parent = process.ppid;
let orphaned = false;

const child = spawn(process.execPath, toolArguments("wrangler", process.argv.slice(2)), {
  cwd: root,
  env: quietEnvironment,
  stdio: "inherit",
});
child.on("error", () => process.exit(1));
child.on("exit", (code) => {
  if (orphaned) process.kill(-process.pid, "SIGKILL");
  process.exit(code ?? 1);
});

// A signal for the group reaches wrangler without us; we end when it has.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);

setInterval(() => {
  if (orphaned || process.ppid === parent) return;
  orphaned = true;
  process.kill(-process.pid, "SIGTERM");
  setTimeout(() => process.kill(-process.pid, "SIGKILL"), 5_000);
}, 250);
