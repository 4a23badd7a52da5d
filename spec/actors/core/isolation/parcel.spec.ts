import { expect } from 'chai';
import { ActorDownError, ActorError, exitReason, isActorError } from '../../../../actors/core/index.ts';
import { type ErrorMark, errorMark, reviveError } from '../../../../actors/core/isolation/error-data.ts';
import { NotCloneableError } from '../../../../actors/core/isolation/errors.ts';
import { notCloneable } from '../../../../actors/core/isolation/not-cloneable.ts';
import { type Marking, pack, unpack } from '../../../../actors/core/isolation/parcel.ts';

const errors: Marking = {
  isMarked: (value) => value instanceof Error,
  mark: (value, copy) => errorMark(value as Error, copy),
};
const across = <T>(value: T, lossy = false): T =>
  unpack(structuredClone(pack(value, errors, lossy)), (mark, fill, known) =>
    reviveError(mark as ErrorMark, fill, known),
  ) as T;

describe('a value that goes to another thread', () => {
  it('is not looked at twice when nothing in it needs it', () => {
    const value = { a: [1, new Map([['k', new Set([2])]])], at: new Date(0) };
    expect(pack(value, errors)).to.deep.equal({ body: value, holes: undefined });
    expect(pack(value, errors).body).to.equal(value);
  });

  it('comes back with its errors wherever they stand, and who is who', () => {
    const error = new RangeError('x');
    const value = { list: [error, error], map: new Map<unknown, unknown>([[error, new Set([error])]]), self: {} };
    value.self = value;
    const back = across(value);
    const [revived] = back.list;
    expect(revived).to.be.instanceOf(RangeError).with.property('stack', error.stack);
    expect(back.list[1]).to.equal(revived);
    expect([...back.map.keys()]).to.deep.equal([revived]);
    expect([...(back.map.get(revived) as Set<unknown>)][0]).to.equal(revived);
    expect(back.self).to.equal(back);
  });

  it('leaves the sender its own', () => {
    const value = { error: new Error('mine') };
    across(value);
    expect(value.error.message).to.equal('mine');
  });

  it('cannot be anything that the user writes', () => {
    const value = { type: 'error', class: 'Error', message: 'just data', hole: {} };
    expect(across([value, new Error('x')])[0]).to.deep.equal(value);
  });
});

describe('an error that goes to another thread', () => {
  it("stays one of this library's, with all that it knows", () => {
    const down = new ActorDownError('app/a', exitReason.error(new TypeError('why')));
    const back = across(down);
    expect(back).to.be.instanceOf(ActorDownError).and.instanceOf(ActorError);
    expect(isActorError(back)).to.equal(true);
    expect(back).to.include({ code: 'actor_down', target: 'app/a', message: down.message, name: 'ActorDownError' });
    expect(back.reason).to.have.property('error').that.is.instanceOf(TypeError);
    expect(back.cause).to.equal((back.reason as { error: Error }).error);
  });

  it('keeps its name and fields when the other side has not its class', () => {
    class Odd extends Error {
      override readonly name = 'Odd';
      readonly details = { count: 3, undo: () => {} };
    }
    const back = across(new Odd('even'));
    expect(back).to.be.instanceOf(Error).and.include({ name: 'Odd', message: 'even' });
    expect(back.details as unknown).to.deep.equal({ count: 3, undo: '[function undo]' });
  });

  it('may be its own cause, and hold many', () => {
    const error = new AggregateError([new Error('one')], 'all');
    error.cause = error;
    const back = across(error);
    expect(back.cause).to.equal(back);
    expect(back.errors[0]).to.be.instanceOf(Error).with.property('message', 'one');
  });
});

describe('a value that is only shown in another thread', () => {
  it('has in words what cannot be cloned', () => {
    const shown = across<unknown>({ f: function go() {}, s: Symbol('s'), p: Promise.resolve(), n: [1] }, true);
    expect(shown).to.deep.equal({ f: '[function go]', s: '[Symbol(s)]', p: '[Promise]', n: [1] });
  });

  it('is what its toJSON says', () => {
    expect(across<unknown>({ toJSON: () => ({ value: 'on' }), machine: () => {} }, true)).to.deep.equal({
      value: 'on',
    });
  });
});

describe('what cannot be cloned', () => {
  const where = (value: unknown) => {
    try {
      structuredClone(value);
      return 'nowhere';
    } catch (cause) {
      return notCloneable('app/a#1', value, cause).where;
    }
  };

  it('is found', () => {
    expect(where({ a: [0, { b: () => {} }] })).to.equal('.a[1].b');
    expect(where(new Map([['k', Promise.resolve()]]))).to.equal('.get(k)');
    expect(where(Symbol('s'))).to.equal('');
  });

  it('is named in the error', () => {
    expect(notCloneable('app/a#1', { undo() {} }, new Error('x')))
      .to.be.instanceOf(NotCloneableError)
      .with.property('message', "app/a#1: .undo cannot be cloned: it is the function 'undo'");
  });
});
