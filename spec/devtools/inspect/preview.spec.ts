import { expect } from 'chai';
import { Previews } from '../../../devtools/inspect/preview.ts';
import { looksSecret, redactMs } from '../../../devtools/inspect/redact.ts';
import type { Preview, PreviewNode } from '../../../devtools/protocol/index.ts';

const previews = new Previews();
const node = (preview: Preview): PreviewNode => preview as PreviewNode;
const entry = (preview: Preview, key: string): Preview | undefined =>
  node(preview).entries?.find(([name]) => name === key)?.[1];

describe('a preview', () => {
  it('shows plain values as they are, and says what others are', () => {
    for (const value of [null, true, 1.5, 'text']) expect(previews.of(value)).to.equal(value);
    expect(previews.of(undefined)).to.deep.equal({ $: 'undefined' });
    expect(previews.of(10n)).to.deep.equal({ $: 'bigint', text: '10' });
    expect(previews.of(Number.NaN)).to.deep.equal({ $: 'number', text: 'NaN' });
    expect(previews.of(new Uint8Array(3))).to.deep.equal({ $: 'bytes', name: 'Uint8Array', size: 3 });
    expect(previews.of(new Map([['a', 1]]))).to.deep.equal({ $: 'map', name: 'Map', size: 1, entries: [['a', 1]] });
  });

  it('is plain JSON whatever the value', () => {
    const value = { error: new Error('x', { cause: new Set([1]) }), symbol: Symbol('s'), at: new Date(0), f() {} };
    expect(JSON.parse(JSON.stringify(previews.of(value)))).to.deep.equal(previews.of(value));
  });

  it('is cut off at its depth and its size, and says so', () => {
    const deep = { a: { b: { c: { d: { e: 1 } } } } };
    const shown = previews.of(deep, { depth: 2 });
    expect(entry(entry(shown, 'a') as Preview, 'b')).to.deep.equal({ $: 'cut', size: 1 });
    const long = previews.of('x'.repeat(100_000));
    expect(node(long)).to.include({ $: 'string', size: 100_000 });
    const wide = previews.of(Array.from({ length: 100_000 }, (_, index) => index));
    expect(node(wide)).to.include({ $: 'array', size: 100_000 });
    expect(JSON.stringify(wide).length).to.be.below(10_000);
  });

  it('says where a value holds itself', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(entry(previews.of(value), 'self')).to.deep.equal({ $: 'circular' });
  });

  it('calls no getter', () => {
    let called = 0;
    const value = {
      get costly() {
        called += 1;
        return 1;
      },
    };
    expect(entry(previews.of(value), 'costly')).to.deep.equal({ $: 'getter' });
    expect(called).to.equal(0);
  });

  it('masks keys that look like secrets, at any depth', () => {
    const shown = previews.of({ user: 'a', apiKey: 'b', nested: { Authorization: 'c', max_tokens: 5 } });
    expect(entry(shown, 'user')).to.equal('a');
    expect(entry(shown, 'apiKey')).to.deep.equal({ $: 'masked' });
    expect(entry(entry(shown, 'nested') as Preview, 'Authorization')).to.deep.equal({ $: 'masked' });
    expect(entry(entry(shown, 'nested') as Preview, 'max_tokens')).to.equal(5);
  });

  for (const [key, secret] of [
    ['password', true],
    ['db_passphrase', true],
    ['accessToken', true],
    ['credentials', true],
    ['key', true],
    ['privateKey', true],
    ['author', false],
    ['keys', false],
    ['monkey', false],
    ['total_tokens', false],
  ] as const) {
    it(`${secret ? 'takes' : 'does not take'} '${key}' for a secret`, () => {
      expect(looksSecret(key, key === 'total_tokens' ? 1 : 'x')).to.equal(secret);
    });
  }

  it('shows what the application says in the place of a value', () => {
    const own = new Previews({ redact: (key, value) => (key === 'email' ? '(an address)' : value) });
    expect(entry(own.of({ email: 'a@b' }), 'email')).to.equal('(an address)');
  });

  it('masks everything once the application’s redactor has thrown, and tells of it once', () => {
    const told: unknown[] = [];
    const broken = new Previews({
      redact: () => {
        throw new Error('broken');
      },
      onRedactError: (error) => told.push(error),
    });
    expect(broken.of({ a: 1 })).to.deep.equal({ $: 'masked' });
    expect(broken.of(5)).to.deep.equal({ $: 'masked' });
    expect(told).to.have.length(1);
  });

  it('masks what is left of a value for which the redactor takes too long, and calls it for the next one', () => {
    const clock = { ms: 0, monotonicMs: () => clock.ms };
    const redact = (key: string, value: unknown) => {
      if (key === 'slow') clock.ms += redactMs + 1;
      return value;
    };
    const slow = new Previews({ redact, clock });
    expect(node(slow.of({ quick: 1, slow: 2, late: 3 })).entries).to.deep.equal([
      ['quick', 1],
      ['slow', 2],
      ['late', { $: 'masked' }],
    ]);
    expect(entry(slow.of({ late: 3 }), 'late')).to.equal(3);
  });

  it('does without the redactor when it is late again and again, and tells of it once', () => {
    const clock = { ms: 0, monotonicMs: () => clock.ms };
    const told: unknown[] = [];
    const redact = (_key: string, value: unknown) => {
      clock.ms += redactMs + 1;
      return value;
    };
    const late = new Previews({ redact, clock, onRedactError: (error) => told.push(error) });
    for (let nth = 0; nth < 5; nth += 1) late.of(nth);
    expect(late.of(5)).to.deep.equal({ $: 'masked' });
    expect(told.map(String)).to.deep.equal([`Error: it took over ${redactMs} ms for a value, 3 times`]);
  });

  it('shows nothing below a value in whose place the redactor has put another', () => {
    const own = new Previews({ redact: (key, value) => (key === 'person' ? '(a person)' : value) });
    const value = { person: { name: 'Ada' }, place: { name: 'London' } };
    expect(own.at(value, ['person', 'name'])).to.deep.equal({ $: 'undefined' });
    expect(own.at(value, ['place', 'name'])).to.equal('London');
  });

  it('is one also of a value that throws when it is looked at', () => {
    const trap = () => {
      throw new Error('not you');
    };
    const value = { before: 1, trap: new Proxy({}, { ownKeys: trap, getPrototypeOf: trap }), after: 2 };
    const cannot = { $: 'object', name: 'cannot be looked at' };
    expect(node(previews.of(value)).entries).to.deep.equal([
      ['before', 1],
      ['trap', cannot],
      ['after', 2],
    ]);
    expect(previews.at(value, ['trap', 'in it'])).to.deep.equal(cannot);
  });

  it('shows more of a value by the keys that lead there, and no secret that way', () => {
    const value = { list: [{ name: 'x', token: 'y' }] };
    expect(previews.at(value, ['list', '0', 'name'])).to.equal('x');
    expect(previews.at(value, ['list', '0', 'token'])).to.deep.equal({ $: 'masked' });
    expect(previews.at(value, ['nothing', 'there'])).to.deep.equal({ $: 'undefined' });
  });
});
