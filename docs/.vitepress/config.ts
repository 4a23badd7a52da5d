/** The site that `npm run docs` builds of the pages in docs/; the reference of TypeScript beside it is typedoc's. */
import { type DefaultTheme, defineConfig } from 'vitepress';

const page = (text: string, link: string): DefaultTheme.SidebarItem => ({ text, link: `/${link}` });

const examples = [
  page('Live temperature', 'examples/question-answering'),
  page('Streaming chat', 'examples/chat'),
  page('Retrieval', 'examples/retrieval'),
  page('Agent', 'examples/agent'),
  page('Optimizer', 'examples/optimizer'),
  page('Study', 'examples/study'),
  page('The main job', 'examples/main-job'),
  page('The first tools', 'examples/getting-started'),
  page('Numerical tools', 'examples/numbers'),
  page('Any state', 'examples/one-option'),
  page('Packed file', 'examples/packaged'),
  page('Counter', 'examples/counter'),
  page('State machine', 'examples/coffee-machine'),
  page('Applications', 'examples/applications'),
  page('Thread', 'examples/isolation'),
  page('Failure to test', 'examples/failure-to-test'),
];

export const guide: DefaultTheme.SidebarItem[] = [
  {
    text: 'Begin',
    items: [
      page('Getting started', 'getting-started'),
      { ...page('Examples', 'examples'), collapsed: true, items: examples },
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
      page('Events', 'events'),
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
