import { DOCS_NAV, html, htmlPage } from './html';

/** The page that reads the OpenAPI document; its script and style are served from this origin. */
export function swaggerPage(): string {
  const body = html`${DOCS_NAV}
    <link rel="stylesheet" href="/docs/ui/swagger-ui.css" />
    <div id="swagger"></div>
    <script src="/docs/ui/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>`;
  return htmlPage('State server: REST', body);
}

/** Starts the page; writes that are tried there get an Idempotency-Key where none was filled in. */
export const SWAGGER_START = `window.ui = SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#swagger',
  deepLinking: true,
  tryItOutEnabled: true,
  requestInterceptor: (request) => {
    const named = Object.keys(request.headers).map((name) => name.toLowerCase());
    const reads = ['GET', 'HEAD'].includes((request.method ?? 'GET').toUpperCase());
    if (!reads && !named.includes('idempotency-key')) request.headers['Idempotency-Key'] = crypto.randomUUID();
    return request;
  },
});
`;
