// npx assize: the command line, which has a folder of its own.
import { main } from "../cli/main.ts";

process.exitCode = await main();
