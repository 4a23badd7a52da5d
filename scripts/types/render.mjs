// The file that `npx ophion types` writes: a typed token for each tool, which carries what its types were made of.
import { commented, quoted, SchemaTypes } from './schema-types.mjs';

/**
 * @typedef {object} DescribedTool as `python -m ophion --describe` says it
 * @property {string} name
 * @property {string} description
 * @property {boolean} stream
 * @property {import('./schema-types.mjs').Schema} input
 * @property {import('./schema-types.mjs').Schema | null} output
 * @property {string} signature
 */

const reserved = new Set(
  `await break case catch class const continue debugger default delete do else enum export extends false finally for
  function if implements import in instanceof interface let new null package private protected public return static super
  switch this throw true try typeof undefined var void while with yield arguments eval`.split(/\s+/),
);
const ours = ['PythonStream', 'PythonTool', 'pythonStream', 'pythonTool', 'Tensor', 'Value', 'Uint8Array', 'Date'];

/**
 * @param {readonly DescribedTool[]} tools
 * @param {{ readonly command: string, readonly pool?: string | undefined, readonly from?: string }} options
 * @returns {string}
 */
export function render(tools, { command, pool, from = 'ophion' }) {
  const names = identifiers(tools.map(({ name }) => name));
  const types = new SchemaTypes([...ours, ...names.values()]);
  const tokens = tools.map(({ name, description, stream, input, output, signature }) => {
    const kind = stream ? 'PythonStream' : 'PythonTool';
    const make = stream ? 'pythonStream' : 'pythonTool';
    for (const used of [kind, make]) types.use(used);
    const answer = output === null ? types.use('Value') : types.of(output, 'answered');
    const type = `${kind}<${types.of(input, 'taken')}, ${answer}>`;
    const options = `{ signature: '${signature}'${pool === undefined ? '' : `, pool: ${quoted(pool)}`} }`;
    return `${doc(description)}export const ${names.get(name)}: ${type} = ${make}(${quoted(name)}, ${options});\n`;
  });
  const declared = [...types.declared].map(([name, type]) => `export type ${name} = ${type};\n`);
  const values = ['pythonStream', 'pythonTool'].filter((name) => types.used.has(name));
  const imported = [...types.used].map((name) => (values.includes(name) ? name : `type ${name}`)).sort(byName);
  return [
    `// Made by \`${command}\` of what Python's tools take and answer. Do not edit: make it again when they change.\n`,
    ...(imported.length === 0 ? [] : [`import { ${imported.join(', ')} } from '${from}';\n`]),
    ...declared,
    ...tokens,
  ].join('\n');
}

/** @param {string} a @param {string} b */
function byName(a, b) {
  const [x, y] = [a.replace('type ', ''), b.replace('type ', '')];
  const [lowX, lowY] = [x.toLowerCase(), y.toLowerCase()];
  return lowX < lowY || (lowX === lowY && x < y) ? -1 : 1;
}

/**
 * `count_down` is `countDown`; what TypeScript keeps for itself gets a `Tool` behind it.
 * @param {readonly string[]} names
 */
function identifiers(names) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const taken = new Set(ours);
  for (const name of names) {
    const camel = name.replace(/[_.-]+(.)?/g, (_, next = '') => next.toUpperCase()).replace(/^(?=\d)/, '_');
    const base = reserved.has(camel) ? `${camel}Tool` : camel;
    let free = base;
    for (let count = 2; taken.has(free); count += 1) free = `${base}${count}`;
    taken.add(free);
    found.set(name, free);
  }
  return found;
}

/** @param {string} text */
function doc(text) {
  const lines = commented(text.trim()).split('\n');
  if (lines[0] === '') return '';
  return lines.length === 1
    ? `/** ${lines[0]} */\n`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`;
}
