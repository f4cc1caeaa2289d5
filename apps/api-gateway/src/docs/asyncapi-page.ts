import { DOCS_NAV, type Html, html, htmlPage } from './html';
import {
  type JsonMap,
  fieldTable,
  listOf,
  mapOf,
  referenceName,
  resolve,
  textOf,
  typeLine,
} from './schema-view';

/** The AsyncAPI 3 document as a page to read: what a client may send, what it is sent, and the shapes. */
export function asyncApiPage(document: JsonMap): string {
  const info = mapOf(document['info']);
  const title = textOf(info['title']) ?? 'WebSocket';
  const operations = Object.entries(mapOf(document['operations']));
  const receive = operations.filter(([, operation]) => mapOf(operation)['action'] === 'receive');
  const send = operations.filter(([, operation]) => mapOf(operation)['action'] === 'send');
  const body = html`${DOCS_NAV}
    <h1>${title} <span class="badge">${textOf(info['version'])}</span></h1>
    ${paragraphs(info['description'])} ${channels(document)}
    <h2>Client to server</h2>
    ${messages(document, receive)}
    <h2>Server to client</h2>
    ${messages(document, send)}
    <h2>Shapes</h2>
    ${schemas(document)}`;
  return htmlPage(title, body);
}

function channels(document: JsonMap): Html {
  const rows = Object.values(mapOf(document['channels'])).map((channel) => {
    const { address, description } = mapOf(channel);
    return html`<p>Channel <code>${textOf(address)}</code></p>
      ${paragraphs(description)}`;
  });
  const servers = Object.values(mapOf(document['servers'])).map((server) => {
    const { host, protocol, description } = mapOf(server);
    return html`<p>Server <code>${textOf(protocol)}://${textOf(host)}</code> ${textOf(description)}</p>`;
  });
  return html`${servers}${rows}`;
}

function messages(document: JsonMap, operations: readonly (readonly [string, unknown])[]): Html {
  const sections = operations.flatMap(([, operation]) =>
    listOf(mapOf(operation)['messages']).map((reference) => message(document, reference)),
  );
  return html`${sections}`;
}

function message(document: JsonMap, reference: unknown): Html {
  const inChannel = resolve(document, reference);
  const node = '$ref' in inChannel ? resolve(document, inChannel) : inChannel;
  const name = textOf(node['name']) ?? referenceName(reference) ?? 'message';
  const payload = resolve(document, node['payload']);
  const examples = listOf(node['examples']).map(
    (example) => html`<pre>${JSON.stringify(mapOf(example)['payload'], null, 2)}</pre>`,
  );
  return html`<section id="message-${name}">
    <h3><code>${name}</code></h3>
    ${paragraphs(node['summary'] ?? node['description'] ?? payload['description'])} ${fieldTable(payload)}
    ${examples}
  </section>`;
}

function schemas(document: JsonMap): Html {
  const entries = Object.entries(mapOf(mapOf(document['components'])['schemas']));
  const sections = entries.map(([name, schema]) => {
    const table = fieldTable(schema);
    return html`<section id="schema-${name}">
      <h3><code>${name}</code></h3>
      ${paragraphs(mapOf(schema)['description'])}
      ${table.text === '' ? html`<p>${typeLine(schema)}</p>` : table}
    </section>`;
  });
  return html`${sections}`;
}

function paragraphs(value: unknown): Html {
  const text = textOf(value);
  return text === undefined ? html`` : html`${text.split(/\n{2,}/).map((part) => html`<p>${part}</p>`)}`;
}
