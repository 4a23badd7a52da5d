import { expect } from 'chai';
import { type ActorError, SpecError } from '../../../actors/core/index.ts';
import { python } from '../../../actors/worker/index.ts';
import { type OwnOptions, ownSettings } from '../../../actors/worker/per-worker.ts';

const worker = { id: 'w-3', index: 2, pool: 'gpu' };
const host = { PATH: '/bin', HOME: '/root', LANG: undefined };
const settings = (options: OwnOptions) => ownSettings(options, host)(worker);
const failure = (run: () => unknown): ActorError => {
  try {
    run();
  } catch (error) {
    return error as ActorError;
  }
  throw new Error('it did not fail');
};

describe('the options that each worker may have for its own', () => {
  it('are made for the worker that they are for', () => {
    const { env, cwd } = settings({
      env: ({ id, index, pool }) => ({ CUDA_VISIBLE_DEVICES: String(index), WHO: `${pool}/${id}`, HOME: undefined }),
      cwd: ({ index }) => `/scratch/${index}`,
    });
    expect(env).to.include({ CUDA_VISIBLE_DEVICES: '2', WHO: 'gpu/w-3', PATH: '/bin', OMP_NUM_THREADS: '1' });
    expect(env).to.not.have.any.keys('HOME', 'LANG');
    expect(cwd).to.equal('/scratch/2');
  });

  it('are asked for anew each time', () => {
    let asked = 0;
    const own = ownSettings({ env: () => ({ N: String(++asked) }) }, host);
    expect([own(worker).env.N, own(worker).env.N]).to.deep.equal(['1', '2']);
  });

  it('are the same for all when they are no functions', () => {
    expect(settings({ env: { A: 'b' }, cwd: '/here' })).to.deep.include({ cwd: '/here' });
    expect(settings({ env: { A: 'b' } }).env.A).to.equal('b');
    expect(settings({}).cwd).to.equal(undefined);
  });

  it('name the worker, and keep the cause, when their function throws', () => {
    const cause = new Error('no more GPUs');
    const error = failure(() =>
      settings({
        env: () => {
          throw cause;
        },
      }),
    );
    expect(error).to.include({ code: 'option_failed', cause });
    expect(error.message).to.equal(
      "worker 'w-3' of pool 'gpu': the function that is its option 'env' threw: no more GPUs",
    );
  });

  const wrong: [what: string, options: object, rule: RegExp][] = [
    ['no object', { env: 'PATH=/bin' }, /^invalid_env: must be an object/],
    ['a list', { env: [] }, /^invalid_env: must be an object/],
    ['a number as a value', { env: { PORT: 80 } }, /^invalid_env.PORT: must be a text or undefined, not a number/],
    ['a name with =', { env: { 'A=B': '' } }, /^invalid_env: no system takes this name/],
    ['an empty name', { env: { '': 'x' } }, /^invalid_env: no system takes this name/],
    ['a character 0', { env: { A: 'a\0b' } }, /^invalid_env.A: must hold no character 0/],
    ['a folder that is no text', { cwd: 7 }, /^invalid_cwd: must be the path of a folder/],
    ['an empty folder', { cwd: '' }, /^invalid_cwd/],
  ];
  for (const [what, options, rule] of wrong) {
    it(`refuse ${what}, when the pool is defined and when a function answers it`, () => {
      const atOnce = failure(() => python({ module: 'm', ...options }));
      expect(atOnce).to.be.instanceOf(SpecError);
      expect((atOnce as SpecError).rule).to.match(rule);
      const made = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, () => value]));
      const later = failure(() => settings(made));
      expect((later as SpecError).rule).to.match(rule);
      expect(later.message).to.match(/^worker 'w-3' of pool 'gpu'/);
    });
  }

  it('never show the value of a variable, which may be a secret', () => {
    const error = failure(() => settings({ env: { KEY: 'sec\0ret' } }));
    expect(error.message).to.not.include('sec');
  });

  it('refuse a promise, which nobody would wait for', () => {
    const error = failure(() => settings({ env: (async () => ({})) as never }));
    expect(error.message).to.include('invalid_env: its function must answer at once');
  });
});
