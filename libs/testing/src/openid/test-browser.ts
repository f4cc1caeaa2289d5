import { ask, type RawAnswer } from './trusting-fetch';

/** What a browser does here: keeps cookies by host, and follows redirects until it is told to stop. */
export class TestBrowser {
  private readonly jar = new Map<string, Map<string, string>>();

  constructor(private readonly ca?: string) {}

  /** The names of the cookies of an origin. */
  cookieNames(url: string): string[] {
    return [...(this.jar.get(new URL(url).host)?.keys() ?? [])];
  }

  /** One request with the cookies of its host. */
  async get(url: string): Promise<RawAnswer & { readonly location: string | undefined }> {
    const { host } = new URL(url);
    const cookies = this.jar.get(host) ?? new Map<string, string>();
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(cookie !== '' && { cookie }) };
    const answer = await ask(this.ca, url, { headers });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const isOver = /expires=Thu, 01 Jan 1970|max-age=0/i.test(line);
      if (isOver) cookies.delete(name);
      else cookies.set(name, value);
    }
    this.jar.set(host, cookies);
    const { location } = answer.headers;
    return { ...answer, location: typeof location === 'string' ? new URL(location, url).href : undefined };
  }

  /** Follows redirects from `url` until one leads to an address that starts with `stop`; answers that address. */
  async follow(url: string, stop: string): Promise<string> {
    let next = url;
    for (let steps = 0; steps < 20; steps++) {
      const { location, status, text } = await this.get(next);
      if (location === undefined) throw new Error(`${next} answers ${status}: ${text.slice(0, 500)}`);
      if (location.startsWith(stop)) return location;
      next = location;
    }
    throw new Error(`${url} leads in circles`);
  }
}
