/** What pages refer to. Each address names its content, so that a browser may keep it for ever. */
import { createHash } from "node:crypto";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

export interface Asset {
  readonly href: string;
  readonly type: string;
  readonly text: string;
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f5f8b"/><path fill="#fff" d="M3 4h4v4H3zm6 0h4v4H9zM3 9h4v4H3z"/><path fill="#9cc7e4" d="M9 9h4v4H9z"/></svg>`;

function asset(path: string, type: string, text: string): Asset {
  const version = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { href: `${path}?v=${version}`, type, text };
}

export const ASSETS = {
  style: asset("/console/style.css", "text/css; charset=utf-8", STYLE),
  script: asset("/console/script.js", "text/javascript; charset=utf-8", SCRIPT),
  icon: asset("/console/icon.svg", "image/svg+xml", ICON),
} as const;
