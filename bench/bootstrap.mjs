// The only file that runs on whatever Node there is (20 or newer): it installs what is missing, then *spawns* the bundled
// Node. Hence plain JavaScript, only node: imports, and no second command in a package script (the shell would keep 20).
//
//   node bench/bootstrap.mjs <name> ...args    runs bench/<name>.ts, or else the installed tool of that name

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const windows = process.platform === "win32";

function fail(message) {
  process.stderr.write(`assize: ${message}\n`);
  process.exit(1);
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, "utf8")).packages ?? {};
  } catch {
    return undefined;
  }
}

/** npm's os and cpu lists: names, or names to exclude after "!". */
function suits(list, here) {
  if (list === undefined) return true;
  const excluded = list.filter((name) => name.startsWith("!"));
  return excluded.length > 0 ? !excluded.includes(`!${here}`) : list.includes(here);
}

/** What npm wrote about node_modules must have every package of the lockfile; optional ones may have failed to install. */
function isInstalled() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const found = packagesOf(join(modules, ".package-lock.json"));
  if (wanted === undefined) fail("package-lock.json is missing or not JSON");
  if (found === undefined) return false;
  // A folder copied from another machine carries that machine's binaries.
  const foreign = Object.values(found).some(
    ({ os, cpu }) => !suits(os, process.platform) || !suits(cpu, process.arch),
  );
  if (foreign) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    if (path === "") return true;
    const entry = found[path];
    if (entry === undefined) return optional === true || devOptional === true;
    // The lockfile has no digest of packages that the registry did not have where it was written.
    const same = integrity === undefined || entry.integrity === integrity;
    return entry.version === version && same;
  });
}

function install() {
  process.stderr.write("assize: installing dependencies (about 600 MB, once)\n");
  // Development packages are the product here, whatever NODE_ENV or an omit setting says.
  const args = [
    "ci",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const npm = process.env["npm_execpath"];
  const options = { cwd: root, stdio: "inherit" };
  const viaNode = npm !== undefined && /\.c?js$/.test(npm);
  const { status, error } = viaNode
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, { ...options, shell: windows });
  if (status !== 0) fail(`npm ci failed${error ? `: ${error.message}` : ""}`);
}

function majorOf(node) {
  const { status, stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
  return status === 0 ? Number(/^v(\d+)\./.exec(stdout)?.[1] ?? 0) : 0;
}

/** The bundled Node is optional: where it could not be installed (no platform package, blocked scripts), the system's does. */
function findNode() {
  const names = windows ? ["node/bin/node.exe"] : ["node/bin/node", ".bin/node"];
  const bundled = names.map((name) => join(modules, name)).filter((path) => existsSync(path));
  return [...bundled, process.execPath].find((node) => majorOf(node) >= 22);
}

function needNode() {
  const message =
    `Node 22 or newer is needed (this is ${process.version}) and the bundled one could not be installed: ` +
    "install Node 22, or allow install scripts (npm ci --ignore-scripts=false)";
  fail(message);
}

/** A second chance: an installation without optional packages lacks the bundled Node. */
function chooseNode() {
  const found = findNode();
  if (found !== undefined) return found;
  install();
  return findNode() ?? needNode();
}

/** The file to run: ours, or the one the tool's package names as its command. */
function entryOf(name) {
  const own = join(root, "bench", `${name}.ts`);
  if (existsSync(own)) return own;
  const home = join(modules, name === "tsc" ? "typescript" : name);
  if (!/^[a-z-]+$/.test(name) || !existsSync(join(home, "package.json"))) {
    fail(`there is neither bench/${name}.ts nor a tool named "${name}"`);
  }
  const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
  return join(home, typeof bin === "string" ? bin : bin[name]);
}

function run(node, args) {
  const path = [dirname(node), join(modules, ".bin"), process.env["PATH"]].join(delimiter);
  const child = spawn(node, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  // npm passes a signal on to its shell only, which dies of it without a word to us.
  const parent = process.ppid;
  const orphaned = () =>
    process.env["npm_lifecycle_event"] !== undefined && process.ppid !== parent;
  setInterval(() => orphaned() && child.kill("SIGTERM"), 250).unref();
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

const [name, ...args] = process.argv.slice(2);
if (name === undefined) fail("usage: node bench/bootstrap.mjs <name> ...args");
if (!isInstalled()) install();
run(chooseNode(), [entryOf(name), ...args]);
