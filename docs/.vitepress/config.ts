/** The site that `npm run docs` builds of the pages in docs/; the reference of TypeScript beside it is typedoc's. */
import { type DefaultTheme, defineConfig } from 'vitepress';

const page = (text: string, link: string): DefaultTheme.SidebarItem => ({ text, link: `/${link}` });

export const guide: DefaultTheme.SidebarItem[] = [
  {
    text: 'Begin',
    items: [
      page('Getting started', 'getting-started'),
      page('Examples', 'examples'),
      page('How it is built', 'architecture'),
      page('Coming from OTP', 'coming-from-otp'),
    ],
  },
  {
    text: 'Actors',
    items: [
      page('Actors', 'actors'),
      page('Supervision', 'supervision'),
      page('Threads', 'isolation'),
      page('Python workers', 'workers'),
    ],
  },
  {
    text: 'Contexts and state',
    items: [
      page('Contexts', 'context'),
      page('Tools and values', 'tools'),
      page('Programs', 'programs'),
      page('The Python author', 'python'),
      page('Programs that learn', 'optimization'),
      page('Session state', 'state'),
      page('Redis and Valkey', 'redis'),
      page('Clients of any language', 'clients'),
    ],
  },
  {
    text: 'In production',
    items: [
      page('Past one machine', 'scaling'),
      page('Security', 'security'),
      page('Testing under faults', 'testing'),
      page('Performance', 'performance'),
      page('Dev tools', 'devtools'),
      page('The command line', 'cli'),
      page('Exports and adapters', 'exports'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Errors', 'errors'),
      page('Parity', 'parity'),
      { text: 'TypeScript', link: '/api/typescript/index.html', target: '_self' },
      page('Python', 'api/python'),
    ],
  },
];

export default defineConfig({
  title: 'Ophion',
  description: 'An actor runtime for TypeScript with OTP supervision, and one bridge to supervised Python workers.',
  cleanUrls: true,
  // The kept pages say what they link to by file; what is no page of the site is of the checkout.
  ignoreDeadLinks: [/^\.\.?\/(?:\.\.\/)*(README|CONTRIBUTING|CHANGELOG|LICENSE)/],
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'TypeScript', link: '/api/typescript/index.html', target: '_self' },
      { text: 'Python', link: '/api/python' },
    ],
    sidebar: guide,
    outline: { level: [2, 3] },
    // Without a service of others: it is built into the site.
    search: { provider: 'local' },
  },
});
