// npx assize: the command line, which has a folder of its own.
import "../cli/main.ts";
