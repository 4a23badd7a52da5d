// Finds where a TypeScript source touches chance by itself: clocks, timers, random numbers, OS
// processes and their signals, sockets, news of changed files. Everything of that kind goes through `Runtime`, or a run cannot be replayed
// and a fault cannot be injected. Works on the syntax tree, so comments, types and properties of
// the same name (`clock.setTimeout`) do not count.
import ts from 'typescript';

/** @typedef {import('./allowed.mjs').Kind} Kind */
/** @typedef {{ kind: Kind, what: string, line: number, column: number }} Finding */

/** @type {Record<string, Kind>} */
const globals = {
  setTimeout: 'timers',
  setInterval: 'timers',
  setImmediate: 'timers',
  performance: 'clock',
  fetch: 'network',
  WebSocket: 'network',
};

/** @type {Record<string, Record<string, Kind>>} */
const members = {
  Date: { now: 'clock' },
  Math: { random: 'random' },
  process: { hrtime: 'clock', uptime: 'clock', on: 'signals', once: 'signals', addListener: 'signals' },
  AbortSignal: { timeout: 'timers' },
  crypto: { randomUUID: 'random', getRandomValues: 'random', randomBytes: 'random', randomInt: 'random' },
};

/** @type {Record<string, Kind>} whole modules */
const modules = {
  child_process: 'processes',
  cluster: 'processes',
  worker_threads: 'processes',
  net: 'network',
  tls: 'network',
  dgram: 'network',
  dns: 'network',
  http: 'network',
  https: 'network',
  http2: 'network',
  timers: 'timers',
  'timers/promises': 'timers',
  perf_hooks: 'clock',
};

/** What tells of changed files, in `fs` and `fs/promises`. */
const watchers = new Set(['watch', 'watchFile']);
const fileModules = new Set(['fs', 'fs/promises']);
const globalObjects = new Set(['globalThis', 'global']);
const randomOfCrypto = /^(random|getRandomValues|webcrypto$|generateKey)/;

/**
 * @param {string} fileName only for messages
 * @param {string} text
 * @returns {Finding[]}
 */
export function findChance(fileName, text) {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true);
  /** @type {Finding[]} */
  const found = [];
  const declared = declaredNames(file);
  const wholeFs = namesOfFs(file);

  /** @param {ts.Node} node @param {Kind} kind @param {string} what */
  const report = (node, kind, what) => {
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push({ kind, what, line: line + 1, column: character + 1 });
  };

  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return;
    const target = importTarget(node);
    if (target !== undefined) importOf(node, target, report);
    if (ts.isNewExpression(node) && isGlobal(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0) {
      report(node, 'clock', 'new Date()');
    }
    if (ts.isCallExpression(node) && isGlobal(node.expression, 'Date')) report(node, 'clock', 'Date()');
    for (const [kind, what] of memberUses(node)) report(node, kind, what);
    if (ts.isIdentifier(node) && globals[node.text] && isReference(node) && !declared.has(node.text)) {
      report(node, /** @type {Kind} */ (globals[node.text]), node.text);
    }
    ts.forEachChild(node, visit);
  };

  /** @param {ts.Expression} expression @param {string} name */
  const isGlobal = (expression, name) => globalName(expression) === name && !declared.has(name);

  /**
   * Members of a global taken by a dot, in brackets or by destructuring.
   * @param {ts.Node} node
   * @returns {[Kind, string][]}
   */
  const memberUses = (node) => {
    if (ts.isPropertyAccessExpression(node)) return memberUse(node.expression, node.name.text);
    if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
      return memberUse(node.expression, node.argumentExpression.text);
    }
    if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer) {
      const from = node.initializer;
      return node.name.elements.flatMap((element) => {
        const name = element.propertyName ?? element.name;
        return ts.isIdentifier(name) ? memberUse(from, name.text) : [];
      });
    }
    return [];
  };

  /** @param {ts.Expression} owner @param {string} name @returns {[Kind, string][]} */
  const memberUse = (owner, name) => {
    if (ts.isIdentifier(owner) && globalObjects.has(owner.text)) {
      const kind = globals[name];
      return kind ? [[kind, `${owner.text}.${name}`]] : [];
    }
    if (ts.isIdentifier(owner) && wholeFs.has(owner.text) && watchers.has(name))
      return [['watching', `${owner.text}.${name}`]];
    const ownerName = globalName(owner);
    if (ownerName === undefined || declared.has(ownerName)) return [];
    const kind = members[ownerName]?.[name];
    return kind ? [[kind, `${ownerName}.${name}`]] : [];
  };

  visit(file);
  return found;
}

/**
 * `Date` for `Date` and `globalThis.Date`.
 * @param {ts.Expression} expression
 * @returns {string | undefined}
 */
function globalName(expression) {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression) && ts.isIdentifier(expression.expression)) {
    return globalObjects.has(expression.expression.text) ? expression.name.text : undefined;
  }
  return undefined;
}

/**
 * The module that an import, re-export or dynamic import names; undefined for anything else and
 * for imports of types alone.
 * @param {ts.Node} node
 */
function importTarget(node) {
  if (ts.isImportDeclaration(node)) {
    if (node.importClause?.isTypeOnly) return undefined;
    return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : undefined;
  }
  if (ts.isExportDeclaration(node) && !node.isTypeOnly && node.moduleSpecifier) {
    return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : undefined;
  }
  const isImportCall =
    ts.isCallExpression(node) &&
    (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
      (ts.isIdentifier(node.expression) && node.expression.text === 'require'));
  const argument = isImportCall ? node.arguments[0] : undefined;
  return argument && ts.isStringLiteralLike(argument) ? argument.text : undefined;
}

/**
 * @param {ts.Node} node
 * @param {string} target
 * @param {(node: ts.Node, kind: Kind, what: string) => void} report
 */
function importOf(node, target, report) {
  const name = target.replace(/^node:/, '');
  const kind = modules[name];
  const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
  const named = clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : [];
  if (kind) {
    const onlyTypes = named.length > 0 && !clause?.name && named.every((element) => element.isTypeOnly);
    if (!onlyTypes) report(node, kind, `import of ${target}`);
  }
  if (fileModules.has(name)) {
    for (const element of named) {
      const imported = (element.propertyName ?? element.name).text;
      if (!element.isTypeOnly && watchers.has(imported)) report(element, 'watching', `${imported} of ${target}`);
    }
  }
  if (name === 'crypto') {
    if (named.length === 0) report(node, 'random', `import of all of ${target} (name what you need)`);
    for (const element of named) {
      const imported = (element.propertyName ?? element.name).text;
      if (!element.isTypeOnly && randomOfCrypto.test(imported)) report(element, 'random', `${imported} of ${target}`);
    }
  }
}

/**
 * What a file calls the modules of files, where it imports all of one.
 * @param {ts.SourceFile} file
 */
function namesOfFs(file) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const node of file.statements) {
    if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) continue;
    if (!fileModules.has(node.moduleSpecifier.text.replace(/^node:/, ''))) continue;
    const { name, namedBindings } = node.importClause ?? {};
    if (name) names.add(name.text);
    if (namedBindings && ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text);
  }
  return names;
}

/**
 * Names that the file itself declares: they hide the globals.
 * @param {ts.SourceFile} file
 */
function declaredNames(file) {
  /** @type {Set<string>} */
  const names = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node);
    if (declares && !takesFromGlobal(node) && node.name && ts.isIdentifier(node.name)) names.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

/**
 * `const { setTimeout } = globalThis` hides nothing.
 * @param {ts.Node} node
 */
function takesFromGlobal(node) {
  const declaration = ts.isBindingElement(node) ? node.parent.parent : node;
  return (
    ts.isVariableDeclaration(declaration) &&
    declaration.initializer !== undefined &&
    ts.isIdentifier(declaration.initializer) &&
    globalObjects.has(declaration.initializer.text)
  );
}

/**
 * Whether an identifier stands for a value, and not for a property, a key or a label.
 * @param {ts.Identifier} node
 */
function isReference(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent)) return parent.initializer === node;
  return !(
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isFunctionExpression(parent) ||
    ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isQualifiedName(parent)
  );
}
