/**
 * Which hosts images may be fetched from: `images.example.com`, `*.example.com` (any name below it), `*` (any host), each with an
 * optional port. Only https, but for what is written as `http://host`.
 */
import { invalid } from '@floe/graph/base';

export class HostRules {
  private readonly rules: readonly Rule[];

  /** Throws INVALID_ARGUMENT naming the entry that is no host. */
  constructor(entries: readonly string[]) {
    this.rules = entries.map(ruleOf);
  }

  allows(url: URL): boolean {
    return this.rules.some((rule) => rule.protocol === url.protocol && rule.port === url.port && covers(rule, url));
  }
}

interface Rule {
  readonly protocol: string;
  readonly host: string;
  /** Empty for the protocol's own. */
  readonly port: string;
  readonly kind: 'exact' | 'below' | 'any';
}

function covers({ kind, host }: Rule, { hostname }: URL): boolean {
  if (kind === 'any') return true;
  const name = withoutDot(hostname);
  return kind === 'exact' ? name === host : name.endsWith(`.${host}`);
}

function ruleOf(entry: string): Rule {
  const [, protocol = 'https:', star = '', rest = ''] = /^(https?:)?(?:\/\/)?(\*\.|\*(?=$|:))?(.*)$/i.exec(entry) ?? [];
  const any = star === '*';
  const text = `${protocol}//${any ? 'any' : ''}${rest}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Whatever is more than a host and a port would silently not be looked at.
  if (
    url === undefined ||
    rest.includes('*') ||
    url.pathname !== '/' ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw invalid(`"${entry}" is no host such as images.example.com, *.example.com:8443 or http://host`, {
      field: entry,
    });
  }
  const kind = any ? 'any' : star === '' ? 'exact' : 'below';
  return { protocol: url.protocol, host: withoutDot(url.hostname), port: url.port, kind };
}

/** `example.com.` and `example.com` are one host. */
function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
