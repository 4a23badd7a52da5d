/** Commits that must be refused, each with what it is told: the same whoever makes them and wherever they are kept. */
import {
  boolean,
  bytes,
  type CommitRequest,
  choice,
  type Declarations,
  declare,
  embedding,
  float,
  integer,
  json,
  module,
  string,
  Tensor,
  tensor,
  type Value,
} from '../../actors/state/index.ts';

/** The session that they are made on. */
export const known: Declarations = declare({
  flag: boolean(),
  count: integer({ min: 0, max: 10 }),
  heat: float({ min: 0, max: 2, finite: true }),
  name: string({ minLength: 1, maxLength: 5, pattern: '^[a-z]+$', default: 'a' }),
  style: choice(['short', 'long']),
  kind: module({ modules: ['dspy.Predict'] }),
  vector: embedding({ dimensions: 3 }),
  cube: tensor({ shape: [2, null], dtype: 'float32' }),
  doc: json(),
  raw: bytes({ maxBytes: 4 }),
  ours: integer({ writers: ['nobody'] }),
  hidden: string({ secret: true, maxLength: 4 }),
  base: integer(),
  above: integer({ dependsOn: ['base'] }),
});

export interface BadCommit {
  readonly what: string;
  readonly request: CommitRequest;
  readonly code: string;
  /** What its message has to name. */
  readonly says: RegExp;
  /** What its details have to hold. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const set = (what: string, name: string, value: Value, says: RegExp, constraint?: string): BadCommit => ({
  what,
  // Beside one that would do.
  request: { set: { base: 77, [name]: value } },
  code: 'invalid',
  says,
  details: { variable: name, ...(constraint === undefined ? {} : { constraint }) },
});

let deep: Value = 1;
for (let level = 0; level < 31; level += 1) deep = [deep];

export const badCommits: readonly BadCommit[] = [
  set('a text for a boolean', 'flag', 'perhaps', /'flag'.*"perhaps" is no boolean/),
  set('half a number for an integer', 'count', 0.5, /'count'.*0\.5 is no integer/),
  set('a text for an integer', 'count', '3', /'count'.*"3" is no integer/),
  set('an integer beyond 2^53', 'base', 2 ** 53, /'base'.*within/),
  set('a boolean for a float', 'heat', true, /'heat'.*true is no float/),
  set('a number for a string', 'name', 7, /'name'.*7 is no string/),
  set('null for a string', 'name', null, /'name'.*null is no string/),
  set('a number for a choice', 'style', 1, /'style'.*1 is no string/),
  set('no name for a module', 'kind', '', /'kind'.*no name of a module/),
  set('a text among the numbers of an embedding', 'vector', [1, 'two', 3], /'vector'.*"two" at 1/),
  set('a list for a tensor', 'cube', [1, 2], /'cube'.*no tensor/),
  set('bytes for JSON', 'doc', { a: new Uint8Array(1) }, /'doc'.*1 bytes at a.*JSON/),
  set('NaN for JSON', 'doc', { a: [Number.NaN] }, /'doc'.*NaN at a\[0\].*JSON/),
  set('a text for bytes', 'raw', 'abc', /'raw'.*no Uint8Array/),
  set('too little', 'count', -1, /'count'.*-1 is below min 0/, 'min'),
  set('too much', 'count', 11, /'count'.*11 is above max 10/, 'max'),
  set('too hot', 'heat', 2.5, /'heat'.*2\.5 is above max 2/, 'max'),
  set('no finite number', 'heat', Number.NaN, /'heat'.*NaN is not finite/, 'finite'),
  set('too short a text', 'name', '', /'name'.*shorter than 1/, 'minLength'),
  set('too long a text', 'name', 'abcdef', /'name'.*longer than 5/, 'maxLength'),
  set('a text that does not match', 'name', 'A1', /'name'.*does not match/, 'pattern'),
  set('another choice', 'style', 'medium', /'style'.*none of "short", "long"/, 'choices'),
  set('another module', 'kind', 'dspy.ReAct', /'kind'.*none of "dspy\.Predict"/, 'modules'),
  set('another number of dimensions', 'vector', [1, 2], /'vector'.*2 dimensions, not 3/, 'dimensions'),
  set('another shape', 'cube', Tensor.of([3, 1], [1, 2, 3], 'float32'), /'cube'.*not of shape \[2, any\]/, 'shape'),
  set('another element type', 'cube', Tensor.of([2, 1], [1, 2], 'float64'), /'cube'.*element type float32/, 'dtype'),
  set('too many bytes', 'raw', new Uint8Array(5), /'raw'.*more than 4 bytes/, 'maxBytes'),
  {
    what: 'a value that does not fit a secret, which it does not tell',
    request: { set: { hidden: 'hunter2' } },
    code: 'invalid',
    says: /^(?!.*hunter2).*'hidden'/,
    details: { variable: 'hidden' },
  },
  {
    what: 'an unknown name among known ones',
    request: { set: { base: 77, nobody: 1 } },
    code: 'not_found',
    says: /no variable 'nobody'/,
    details: { variable: 'nobody' },
  },
  {
    what: 'the removal of an unknown name',
    request: { remove: ['base', 'nobody'] },
    code: 'not_found',
    says: /no variable 'nobody'/,
    details: { variable: 'nobody' },
  },
  {
    what: 'a stale version',
    request: { expect: { count: 0, base: 1 }, set: { base: 77 } },
    code: 'conflict',
    says: /'count' is version 1, expected version 0/,
    details: { revision: 1, conflicts: [{ name: 'count', expected: 0, actual: 1 }] },
  },
  {
    what: 'a variable that was expected to be absent',
    request: { expect: { base: null }, set: { base: 77 } },
    code: 'conflict',
    says: /'base' is version 1, expected absent/,
  },
  {
    what: 'a write that others alone may make',
    request: { set: { base: 77, ours: 1 } },
    code: 'denied',
    says: /'ours'.*may not write it, only nobody/,
    details: { variable: 'ours' },
  },
  {
    what: 'the removal of what another depends on',
    request: { remove: ['base'] },
    code: 'not_found',
    says: /'above'.*'base'|'base'.*'above'/,
  },
  {
    what: 'a declaration of another type',
    request: { set: { count: 5 }, declare: { base: float() } },
    code: 'already_exists',
    says: /'base'.*as a integer|'base'.*as an integer/,
    details: { variable: 'base', type: 'integer' },
  },
  {
    what: 'a lock that is not held',
    request: { set: { base: 77 }, fences: { base: 5 } },
    code: 'locked',
    says: /'base'.*lock with number 5 was lost/,
    details: { variable: 'base', fence: 5 },
  },
  {
    what: 'a name that none can have',
    request: { declare: { ['x'.repeat(201)]: integer() } },
    code: 'invalid',
    says: /a name is 1 to 200 characters/,
  },
  {
    what: 'a value of more than 16 MiB',
    request: { set: { base: 77, doc: 'x'.repeat(16 * 1024 * 1024 + 1) } },
    code: 'too_large',
    says: /'doc'.*16777216 bytes/,
    details: { maxBytes: 16 * 1024 * 1024 },
  },
  {
    what: 'a value that is nested too deep',
    request: { set: { base: 77, doc: [[deep]] } },
    code: 'invalid',
    says: /'doc'.*nested deeper than 32/,
  },
];
