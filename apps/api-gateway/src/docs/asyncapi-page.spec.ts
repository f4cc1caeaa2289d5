import { SERVER_FRAMES, CLIENT_FRAMES, asyncApiDocument } from '@state-server/protocol';
import { asyncApiPage } from './asyncapi-page';
import { html } from './html';

describe('the page of the AsyncAPI document', () => {
  const page = asyncApiPage(asyncApiDocument());

  it('describes every frame that there is, with its fields', () => {
    for (const type of [...Object.keys(CLIENT_FRAMES), ...Object.keys(SERVER_FRAMES)]) {
      expect(page).toContain(`>${type}</code></h3>`);
    }
    expect(page).toContain('<code>op_id</code>');
  });

  it('has a section for every shape that it links to', () => {
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(0);
    for (const id of new Set(links)) expect(page).toContain(`id="${id ?? ''}"`);
  });

  it('takes nothing from elsewhere', () => {
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(page).not.toContain('<script');
  });
});

describe('the html template', () => {
  it('escapes what is put in', () => {
    expect(html`<p title="${'"'}">${'<b>&'}</p>`.text).toBe('<p title="&quot;">&lt;b&gt;&amp;</p>');
  });
});
