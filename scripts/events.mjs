#!/usr/bin/env node
// Writes docs/events.md: every system event with what it says, from the closed unions in the code.
// `--check` writes nothing and fails when the page differs from the code.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs', 'events.md');

/** The unions, by the layer that they are of. */
const sources = [
  ['Actors', 'actors/core/events.ts', 'CoreEvent'],
  ['Faults', 'actors/core/fault-events.ts', 'FaultEvent'],
  ['Supervisors and applications', 'supervisors/events.ts', 'SupervisorEvent'],
  ['Workers and pools', 'actors/worker/events.ts', 'WorkerEvent'],
  ['The transport', 'bridge/transport/events.ts', 'TransportEvent'],
  ['Calls of tools, and the bridge', 'bridge/protocol/bridge-events.ts', 'BridgeEvent'],
  ['Sessions', 'actors/state/events.ts', 'StateEvent'],
  ['Contexts', 'actors/context/context-actor.ts', 'ContextEvent'],
  ['Programs', 'actors/context/program-events.ts', 'ProgramSystemEvent'],
];

/** @typedef {{ name: string, type: string, says: string }} Field */
/** @typedef {{ types: string[], says: string, fields: Field[] }} Told */

/** The members of a union of one file, in their order. @param {string} path @param {string} name @returns {Told[]} */
function eventsOf(path, name) {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  /** @type {Map<string, ts.TypeAliasDeclaration | ts.InterfaceDeclaration>} */
  const named = new Map();
  for (const statement of file.statements)
    if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement))
      named.set(statement.name.text, statement);

  /** The fields of a type, without those that are left out of it. @param {ts.TypeNode} node @returns {ts.PropertySignature[]} */
  const fieldsOf = (node) => {
    if (ts.isParenthesizedTypeNode(node)) return fieldsOf(node.type);
    if (ts.isIntersectionTypeNode(node)) return node.types.flatMap(fieldsOf);
    if (ts.isTypeLiteralNode(node)) return node.members.filter(ts.isPropertySignature);
    if (!ts.isTypeReferenceNode(node)) throw new Error(`${path}: cannot read ${node.getText()}`);
    const target = node.typeName.getText();
    if (target === 'Omit') {
      const [of, left] = node.typeArguments ?? [];
      const without = left?.getText() ?? '';
      return of === undefined ? [] : fieldsOf(of).filter((field) => !without.includes(`'${field.name.getText()}'`));
    }
    const known = named.get(target);
    if (known === undefined) throw new Error(`${path}: ${target} is not declared there`);
    return ts.isInterfaceDeclaration(known) ? known.members.filter(ts.isPropertySignature) : fieldsOf(known.type);
  };

  /** @param {ts.TypeNode} node @returns {Told[]} */
  const membersOf = (node) => {
    if (ts.isUnionTypeNode(node)) return node.types.flatMap(membersOf);
    if (ts.isTypeReferenceNode(node)) {
      const known = named.get(node.typeName.getText());
      if (known !== undefined && ts.isTypeAliasDeclaration(known)) return membersOf(known.type);
    }
    const fields = fieldsOf(node);
    const type = fields.find((field) => field.name.getText() === 'type');
    const types = [...(type?.type?.getText() ?? '').matchAll(/'([\w.]+)'/g)].map(([, one = '']) => one);
    if (types.length === 0) throw new Error(`${path}: an event without a type: ${node.getText().slice(0, 80)}`);
    return [
      {
        types,
        says: commentBefore(node.getStart()),
        fields: fields
          .filter((field) => field !== type)
          .map((field) => ({
            name: `${field.name.getText()}${field.questionToken ? '?' : ''}`,
            type: (field.type?.getText() ?? '').replace(/\s+/g, ' ').replace(/^\| /, ''),
            says: commentBefore(field.getStart()),
          })),
      },
    ];
  };

  /** The doc comment that stands right before a place, but for what the grammar puts between. @param {number} at */
  const commentBefore = (at) => {
    const before = file.text.slice(0, at).replace(/[\s(|]+$/, '');
    if (!before.endsWith('*/')) return '';
    const comment = before.slice(before.lastIndexOf('/**') + 3, -2);
    return comment
      .replace(/\n\s*\* ?/g, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  };

  const union = named.get(name);
  if (union === undefined || !ts.isTypeAliasDeclaration(union)) throw new Error(`${path} has no union ${name}`);
  return membersOf(union.type);
}

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|');

function written() {
  const parts = sources.map(([title, path, name]) => {
    const rows = eventsOf(path ?? '', name ?? '').map(({ types, says, fields }) => {
      const has = fields.map(
        (field) => `\`${cell(field.name)}: ${cell(field.type)}\`${field.says ? ` (${cell(field.says)})` : ''}`,
      );
      return `| ${types.map((type) => `\`${type}\``).join(', ')} | ${cell(says)} | ${has.join('<br>')} |`;
    });
    return [`## ${title}`, '', '| type | what it tells | what it has |', '| --- | --- | --- |', ...rows, ''].join('\n');
  });
  return `${head}\n${parts.join('\n')}`;
}

const head = `# Events

<!-- Made by \`node scripts/events.mjs\` from the code; do not edit. -->

What happened to whom, told by \`app.system.events\`: \`emitter.on(type, listener)\` hears one type, \`onAll(listener)\` hears
all, and \`events(app)\` of \`ophion/devtools\` is all of them as an async iterable. An event that nobody listens to costs one
look-up. A listener that throws is removed and reported.
`;

/** The types of all events, in the order of the page. @returns {string[]} */
export function eventTypes() {
  return sources.flatMap(([, path, name]) => eventsOf(path ?? '', name ?? '').flatMap(({ types }) => types));
}

/** Whether the page is what it would be made anew. */
export function isFresh() {
  return readFileSync(page, 'utf8') === written();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!process.argv.includes('--check')) writeFileSync(page, written());
  else if (!isFresh()) {
    process.stderr.write(`${relative(root, page)} differs from the code: run node scripts/events.mjs\n`);
    process.exitCode = 1;
  }
}
