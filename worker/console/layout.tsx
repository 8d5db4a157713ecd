/** What every page has around it. */
import type { Child } from "hono/jsx";
import type { Token } from "../http/access.ts";
import { ASSETS } from "./assets.ts";

interface Around {
  readonly title: string;
  /** Null where nobody is signed in. */
  readonly token: Token | null;
  readonly courts: number;
  /** The court that is looked at, or null. */
  readonly court: number | null;
  /** What was searched for. */
  readonly words?: string;
  /** Where the page is kept up to date from. */
  readonly live?: string;
  readonly children?: Child;
}

function Courts({ courts, court }: Pick<Around, "courts" | "court">) {
  if (courts < 2) return null;
  return (
    <nav aria-label="Courts" class="courts">
      {Array.from({ length: courts }, (_, each) => (
        <a href={`/console/courts/${each}`} aria-current={each === court ? "page" : undefined}>
          Court {each}
        </a>
      ))}
    </nav>
  );
}

function Search({ words }: { readonly words: string }) {
  return (
    <form role="search" action="/console/search" class="search">
      <label class="quiet" for="search">
        Event id, or entity such as stock/sku-1@w1
      </label>
      <input
        id="search"
        type="search"
        name="q"
        value={words}
        placeholder="Event id or entity"
        maxlength={300}
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit">Find</button>
    </form>
  );
}

function Who({ token }: { readonly token: Token }) {
  return (
    <form method="post" action="/console/sign-out" class="who">
      <span>
        <strong>{token.name}</strong> <span class="scopes">{token.scopes.join(" · ")}</span>
      </span>
      <button type="submit" class="plain">
        Sign out
      </button>
    </form>
  );
}

export function Page({ title, token, courts, court, words = "", live, children }: Around) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} · Assize</title>
        <link rel="icon" href={ASSETS.icon.href} type="image/svg+xml" />
        <link rel="stylesheet" href={ASSETS.style.href} />
        <script src={ASSETS.script.href} defer />
      </head>
      <body data-live={live}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="bar">
          <a class="name" href="/console">
            Assize
          </a>
          {live === undefined ? null : (
            <span id="pulse" class="pulse">
              frozen
            </span>
          )}
          {token === null ? null : <Courts courts={courts} court={court} />}
          {token === null ? null : <Search words={words} />}
          {token === null ? null : <Who token={token} />}
        </header>
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <p id="told" class="quiet" role="status" />
      </body>
    </html>
  );
}

/** An error as a page: what is wrong, and the way back. */
export function Trouble({ title, detail }: { readonly title: string; readonly detail: string }) {
  return (
    <section class="panel lone">
      <h1>{title}</h1>
      <p>{detail}</p>
      <p>
        <a href="/console">To the court</a>
      </p>
    </section>
  );
}

interface Asking {
  /** The page that was asked for. */
  readonly next: string;
  /** Why the last try failed. */
  readonly complaint?: string;
}

export function SignIn({ next, complaint }: Asking) {
  return (
    <section class="panel lone">
      <h1>Sign in with a token</h1>
      <form method="post" action="/console/sign-in">
        <input type="hidden" name="next" value={next} />
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          name="token"
          required
          autocomplete="current-password"
          spellcheck={false}
          autofocus
          aria-invalid={complaint === undefined ? undefined : "true"}
          aria-describedby={complaint === undefined ? "token-help" : "token-complaint token-help"}
        />
        {complaint === undefined ? null : (
          <p id="token-complaint" class="complaint" role="alert">
            {complaint}
          </p>
        )}
        <button type="submit" class="strong">
          Sign in
        </button>
        <p id="token-help" class="help">
          The token that you send to the API. On your own machine it is <code>DEV_TOKEN</code> in{" "}
          <code>.dev.vars</code>. It is kept in a cookie that only this console reads, and never
          shown.
        </p>
      </form>
    </section>
  );
}
