// npx assize: the commands, their options and their examples (docs/cli.md).
import { Command, CommanderError } from "commander";

import { mindReaders, sayJson, tell } from "./context.ts";
import { EXIT, Told, exitOf, sentenceOf } from "./exit.ts";
import { getEntity, getEvent } from "./get.ts";
import { exported, verify } from "./ledger.ts";
import { status } from "./status.ts";
import { submit } from "./submit.ts";
import { tail } from "./tail.ts";

const EXITS = `
Exit codes: 0 done, 1 wrong arguments, 2 something is not as it should be, 3 the server cannot be reached or did not
answer in time, 4 the token is unknown or not allowed to do this.`;

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ npx assize ${line}`).join("\n")}\n`;

function command(parent: Command, usage: string, description: string): Command {
  return parent
    .command(usage)
    .description(description)
    .option("--url <url>", "address of the server (ASSIZE_URL; default http://127.0.0.1:8787)")
    .option(
      "--token <token>",
      "bearer token; better in ASSIZE_TOKEN (of a server on this machine else from .dev.vars)",
    )
    .option("--json", "JSON for programs, one text a line");
}

const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

function addSubmit(program: Command): void {
  command(
    program,
    "submit <file>",
    "submit the rows of a CSV or NDJSON file as events; - is standard input",
  )
    .option("--format <format>", "csv or ndjson, where the file's name does not tell")
    .option("--delimiter <character>", "between the columns of a CSV file; \\t is a tab", ",")
    .option("--map <file>", "how a row becomes an event, as JSON")
    .option("--type <template>", "type of the events; templates have {column} and {line} in them")
    .option("--id <template>", "id of each event; drawn and kept in the state file if not given")
    .option("--source <template>", "source of each event, by default /")
    .option("--subject <template>", "subject of each event")
    .option("--time <template>", "when it happened, RFC 3339")
    .option(
      "--data <name=template>",
      "a member of data: name=…, name:int=… or name:neg=…",
      collected,
    )
    .option("--state <file>", "what is known of the import; by default <file>.assize")
    .option("--corrected", "the file has changed, and is the same import with other rows")
    .option("--no-state", "keep none: every row brings its own id, and is sent once")
    .option("--deadline <seconds>", "how long to try with each event", "60")
    .addHelpText(
      "after",
      examples(
        "submit events.ndjson",
        "submit received.csv --type stock.received --data item={sku} --data warehouse=w1 --data quantity:int={pieces}",
        "submit sales.csv --map sales.map.json --json",
      ),
    )
    .action(submit);
}

function addReads(program: Command): void {
  command(program, "tail", "show published events as they come, until Ctrl-C")
    .option("--court <number>", "which court", "0")
    .option("--after <height.index>", "go on behind this one")
    .option("--from-start", "begin with the first that was published")
    .option("--type <type>", "of this type only")
    .option("--count <number>", "end after so many")
    .addHelpText("after", examples("tail", "tail --from-start --count 10 --json"))
    .action(tail);
  const get = program.command("get").description("show an entity or an event");
  command(get, "entity <type/id>", "an entity's state, or all its versions")
    .option("--consistency <which>", "agreed, local or ledger", "agreed")
    .option("--history", "every version, oldest first")
    .addHelpText(
      "after",
      examples("get entity stock/sku-1@w1", "get entity stock/sku-1@w1 --history"),
    )
    .action(getEntity);
  command(get, "event <id>", "an event, what it came to, and where it stands")
    .option("--source <source>", "of which source", "/")
    .addHelpText("after", examples("get event hello-1", "get event m-7 --source /tills/3 --json"))
    .action(getEvent);
  command(program, "status", "whether the server is ready, and how its courts are")
    .addHelpText("after", examples("status", "status --json"))
    .action(status);
}

function addLedger(program: Command): void {
  command(program, "verify", "verify one event, a whole ledger on its server, or an export of it")
    .option("--event <id>", "one event only, by its receipt")
    .option("--source <source>", "of which source it is", "/")
    .option(
      "--genesis <digest>",
      "of the genesis, noted before: without it the server's is believed",
    )
    .option("--export <file>", "a file that export wrote, without its server")
    .option("--court <number>", "one court only")
    .addHelpText(
      "after",
      examples(
        "verify",
        "verify --event hello-1 --genesis <digest>",
        "verify --export ledger.ndjson",
      ),
    )
    .action(verify);
  command(program, "export", "write a whole ledger into one file")
    .requiredOption("--out <file>", "the file")
    .option("--court <number>", "one court only")
    .addHelpText("after", examples("export --out ledger.ndjson"))
    .action(exported);
}

function programOf(): Command {
  const program = new Command("assize")
    .description("Submit to, follow and verify an Assize ledger.")
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("after", EXITS);
  addSubmit(program);
  addReads(program);
  addLedger(program);
  // Subcommands do not inherit what was set after they were made.
  const all = (parent: Command): Command[] => [parent, ...parent.commands.flatMap(all)];
  for (const each of all(program)) each.exitOverride();
  return program;
}

/** The exit code; what there is to say has been said. */
export async function main(): Promise<number> {
  mindReaders();
  // Relative paths are meant from where the caller is, not from the project's folder.
  process.chdir(process.env["ASSIZE_CWD"] ?? process.cwd());
  const json = process.argv.includes("--json");
  try {
    await programOf().parseAsync();
    return EXIT.done;
  } catch (error) {
    // Commander has said what there is to say.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const exit = exitOf(error);
    if (error instanceof Told) return exit;
    const message = sentenceOf(error);
    const { code = "failed" } = error as { readonly code?: string };
    if (json) sayJson({ ok: false, exit, error: { code, message } });
    tell(message);
    return exit;
  }
}
