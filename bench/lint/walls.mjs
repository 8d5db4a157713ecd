// The walls between the folders, as lint rules: oxlint's own no-restricted-imports sees specifiers only, not the file
// they lead to, so "../x.ts" cannot be judged by it. Plain JavaScript, since oxlint may run on the system's Node 20.
import { readFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const declaredIn = (file) => {
  const manifest = JSON.parse(readFileSync(resolve(root, file), "utf8"));
  return ["dependencies", "devDependencies", "optionalDependencies"].flatMap((key) =>
    Object.keys(manifest[key] ?? {}),
  );
};
const declared = new Set(declaredIn("package.json"));
/** The peers of the load bench have packages of their own. */
const peers = "bench/load/peers/";
const declaredByPeers = new Set(declaredIn(`${peers}package.json`));

/** Of the commands' own, what a verifier uses. */
const tools = ["command", "progress", "table", "tools"].map((name) => `bench/lib/${name}.ts`);

/**
 * The first entry whose `within` holds the file decides. `may`: what may be imported (folders end in "/"),
 * `types`: what may be imported as types only, `never`: what wins over both, `reexport`: what may be handed on.
 */
const walls = [
  {
    within: ["objects/shared/node/"],
    may: ["objects/shared/", "node:"],
    why: "shared code knows no officer; node/ wraps node: modules",
  },
  {
    within: ["objects/shared/"],
    may: ["objects/shared/", "zod"],
    why: "shared code knows no officer and no platform",
  },
  {
    within: ["objects/clerk/consensus/"],
    may: ["objects/clerk/consensus/", "objects/shared/", "zod"],
    why: "a pure core: only itself, objects/shared and zod",
  },
  {
    within: ["objects/warden/core/"],
    may: ["objects/warden/core/", "objects/shared/", "zod"],
    why: "a pure core: only itself, objects/shared and zod",
  },
  {
    within: ["objects/registrar/core/"],
    may: ["objects/registrar/core/", "objects/shared/", "zod"],
    why: "a pure core: only itself, objects/shared and zod",
  },
  {
    within: ["objects/arbiter/"],
    may: ["objects/arbiter/", "objects/shared/", "zod"],
    why: "evaluation is pure: only itself, objects/shared and zod",
  },
  {
    within: ["objects/"],
    may: ["objects/", "cloudflare:", "node:", "zod"],
    types: ["worker/"],
    why: "an object does not know who calls it",
  },
  {
    // The entry hands the object classes to the runtime: it re-exports shells and uses none.
    within: ["worker/index.ts"],
    may: ["worker/", "objects/shared/", "objects/ledger/", "objects/arbiter/", "package:"],
    reexport: ["objects/"],
    types: ["objects/"],
    never: ["objects/clerk/consensus/", "objects/warden/core/", "objects/registrar/core/"],
    why: "the worker reaches objects through stubs only",
  },
  {
    within: ["worker/"],
    may: ["worker/", "objects/shared/", "objects/ledger/", "objects/arbiter/", "package:"],
    types: ["objects/"],
    never: ["objects/clerk/consensus/", "objects/warden/core/", "objects/registrar/core/"],
    why: "the worker reaches objects through stubs only",
  },
  {
    within: ["client/"],
    may: [
      "client/",
      "objects/shared/canonical.ts",
      "objects/shared/limits.ts",
      "eventsource-parser",
    ],
    types: ["objects/arbiter/", "objects/shared/"],
    why: "the client runs in browsers: no object, no node:, and of the server the canonical encoding and the limits",
  },
  {
    within: ["cli/"],
    may: [
      "cli/",
      "client/",
      "bench/lib/",
      "bench/verify/",
      "objects/shared/canonical.ts",
      "node:",
      "package:",
    ],
    why: "the command line knows a server by the client, and the disk by node:",
  },
  {
    within: ["spec/simulator/checkers/"],
    may: ["spec/simulator/checkers/", "spec/simulator/history.ts", "node:"],
    types: ["objects/"],
    why: "a checker shares no code with what it checks",
  },
  {
    within: ["kit/"],
    may: ["kit/", "objects/arbiter/", "objects/shared/", "fast-check", "vitest", "zod"],
    why: "the kit knows a domain and the evaluation, and no officer",
  },
  {
    within: ["bench/load/"],
    may: ["bench/load/", "bench/lib/", "cloudflare:", "node:", "package:"],
    why: "the bench knows what it measures by its contract",
  },
  {
    within: ["bench/chaos/check/"],
    may: ["bench/chaos/check/", "node:"],
    why: "a check shares no code with what it checks",
  },
  {
    within: ["bench/verify/", "bench/verify.ts", "bench/export.ts"],
    may: [
      "bench/verify/",
      ...tools,
      "objects/arbiter/domains/",
      "objects/shared/canonical.ts",
      "objects/shared/limits.ts",
      "node:",
      "zod",
    ],
    types: ["objects/arbiter/domain.ts"],
    why: "a verifier shares the domain and the canonical encoding with the server, nothing else",
  },
  {
    within: tools,
    may: ["package:"],
    why: "what a verifier uses of the commands leads to nothing else",
  },
];

const slashes = (path) => path.split(sep).join("/");
const packageOf = (specifier) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Where an import leads: a path from the root, "node:x", "cloudflare:x", a declared package's name, or nothing. */
function target(specifier, file) {
  if (/^\.{1,2}\//.test(specifier)) {
    return slashes(relative(root, resolve(dirname(file), specifier)));
  }
  if (/^(node|cloudflare):/.test(specifier)) return specifier;
  const name = packageOf(specifier);
  const inPeers = slashes(relative(root, file)).startsWith(peers) && declaredByPeers.has(name);
  return declared.has(name) || inPeers ? name : undefined;
}

const matches = (to, list = []) =>
  list.some((entry) =>
    entry === "package:"
      ? !to.endsWith(".ts")
      : to === entry || (/[/:]$/.test(entry) && to.startsWith(entry)),
  );

function allowed(wall, to, how) {
  if (matches(to, wall.never)) return false;
  if (matches(to, wall.may)) return true;
  if (how === "type") return matches(to, wall.types);
  return how === "reexport" && matches(to, wall.reexport);
}

const imports = {
  create(context) {
    const file = slashes(relative(root, context.filename));
    const wall = walls.find((entry) => matches(file, entry.within));
    const check = (node, specifier, how) => {
      if (typeof specifier !== "string") return;
      const to = target(specifier, context.filename);
      if (to === undefined) {
        const message = `"${specifier}" is neither relative nor a declared package: path aliases slip through the walls`;
        context.report({ node, message });
      } else if (wall !== undefined && !allowed(wall, to, how)) {
        context.report({ node, message: `${file} may not import ${to} (${how}): ${wall.why}` });
      }
    };
    const value = (node, kind, otherwise) =>
      check(node, node.source?.value, kind === "type" ? "type" : otherwise);
    return {
      ImportDeclaration: (node) => value(node, node.importKind, "value"),
      ExportNamedDeclaration: (node) => value(node, node.exportKind, "reexport"),
      ExportAllDeclaration: (node) => value(node, node.exportKind, "reexport"),
      ImportExpression: (node) => value(node, "value", "value"),
      TSImportType: (node) => value(node, "type", "type"),
    };
  },
};

const mutableWhenEmpty = new Set(["Map", "Set", "WeakMap", "WeakSet", "Array"]);

/** Nobody writes an empty collection down to leave it empty. */
function emptyCollection(init) {
  if (init?.type === "ArrayExpression") return init.elements.length === 0;
  if (init?.type === "ObjectExpression") return init.properties.length === 0;
  const made = init?.type === "NewExpression" && init.callee.type === "Identifier";
  return made && mutableWhenEmpty.has(init.callee.name) && init.arguments.length === 0;
}

// All objects of the script share one isolate: a module's variable would be shared by all seats.
const noModuleState = {
  create(context) {
    const check = (node) => {
      const states = node.declarations.filter(
        ({ init }) => node.kind !== "const" || emptyCollection(init),
      );
      if (node.declare || states.length === 0) return;
      context.report({
        node,
        message: "module-level state is shared by all seats: keep it in the object",
      });
    };
    return {
      "Program > VariableDeclaration": check,
      "Program > ExportNamedDeclaration > VariableDeclaration": check,
    };
  },
};

export default {
  meta: { name: "assize" },
  rules: { walls: imports, "no-module-state": noModuleState },
};
