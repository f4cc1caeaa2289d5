/** Text that is HTML already; everything else is escaped when it is put into a template. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | undefined | readonly Part[];

/** Template tag: escapes what is put in, unless it is `Html` itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, string, index) => text + render(parts[index - 1]) + string));
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part));
  return part.map(render).join('');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2a6fdb; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
a { color: var(--accent); } nav a { margin-right: 1rem; } h1 { margin-bottom: 0.2rem; } h2 { margin-top: 2.2rem; }
code, pre { font: 0.9em ui-monospace, monospace; } pre { background: var(--soft); padding: 0.8rem; overflow: auto; }
table { border-collapse: collapse; width: 100%; margin: 0.4rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
section { border: 1px solid var(--line); border-radius: 6px; padding: 0 1rem 0.6rem; margin: 1rem 0; }
.badge { border: 1px solid var(--line); border-radius: 4px; padding: 0 0.4rem; font-size: 0.85em; }
.ok { color: #1a7f37; } .bad { color: #c62828; } .muted { opacity: 0.7; }
`;

/** A whole page of this server's own: no script, nothing from elsewhere. */
export function htmlPage(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text;
}

/** Where to go from every page of the documentation. */
export const DOCS_NAV: Html = html`<nav>
  <a href="/">Start</a><a href="/docs">REST</a><a href="/docs/websocket">WebSocket</a
  ><a href="/docs/openapi.json">openapi.json</a><a href="/docs/asyncapi.json">asyncapi.json</a
  ><a href="/health/ready">Health</a>
</nav>`;

/** Content-Security-Policy of a page: nothing from elsewhere; swagger-ui sets styles inline and draws with data: images. */
const PAGE_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** For every page: what a browser may do with it. No other window gets hold of it; a sign-in that passes through does. */
export const PAGE_HEADERS = {
  'content-security-policy': PAGE_POLICY,
  'cross-origin-opener-policy': 'same-origin',
} as const;
