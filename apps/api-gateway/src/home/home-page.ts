import { DOCS_NAV, html, htmlPage } from '../docs/html';
import type { NeighbourState } from './what-runs';

export interface Home {
  readonly name: string;
  readonly protocol: number;
  readonly services: readonly NeighbourState[];
  /** WebSocket connections that go through this process. */
  readonly sockets: number;
  readonly links: Readonly<Record<string, string>>;
}

/** Tells a person where he is. */
export function homePage(home: Home, origin: string): string {
  const rows = home.services.map(
    ({ name, status }) =>
      html`<tr>
        <td>${name}</td>
        <td class="${status === 'ok' ? 'ok' : 'bad'}">${status}</td>
      </tr>`,
  );
  const body = html`${DOCS_NAV}
    <h1>State server</h1>
    <p>
      You are at the one origin of a shared, persistent 3D world: people and programs edit its branes
      together, live and durable.
    </p>
    <h2>What runs</h2>
    <table>
      <thead>
        <tr>
          <th>Service</th>
          <th>State</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    <p class="muted">${home.sockets} WebSocket connections go through this gateway.</p>
    <h2>Where to go</h2>
    <ul>
      <li><a href="/docs">REST: read it and try it</a></li>
      <li>
        <a href="/docs/websocket">WebSocket: the frames of <code>/ws</code></a>
      </li>
      <li>
        <a href="/docs/openapi.json">OpenAPI 3.1</a> and <a href="/docs/asyncapi.json">AsyncAPI 3</a> for
        tools
      </li>
      <li><a href="/health/ready">Health of this gateway</a></li>
    </ul>
    <h2>Try it</h2>
    <pre>curl -s ${origin}/auth/dev -H 'content-type: application/json' -d '{"name":"Ada"}'</pre>
    <p>
      answers an access token (in development): send it as <code>Authorization: Bearer …</code>, here or under
      <a href="/docs">REST</a>.
    </p>`;
  return htmlPage('State server', body);
}
