#!/usr/bin/env node
// npx assize …: the same way to a Node 22 as the project's other commands have. Plain JavaScript, since Node 20 may run it.
// It is started from the project's folder; files are meant from where the caller is.
process.env["ASSIZE_CWD"] ??= process.cwd();
process.argv.splice(2, 0, "cli");
await import("../bench/bootstrap.mjs");
