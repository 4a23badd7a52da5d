import { expect } from 'chai';
import { StateError } from '../../../actors/core/index.ts';
import type {
  Changes,
  Commit,
  Snapshot,
  StateProvider,
  StateSession,
  WatchEvent,
} from '../../../actors/state/index.ts';
import { decodeHostMessage, type HostBody } from '../../../bridge/protocol/messages.ts';
import { SessionSync } from '../../../bridge/protocol/session-sync.ts';

const variable = (value: unknown, version: number) =>
  ({ name: 'n', type: 'json', value, version, constraints: {}, description: '' }) as Snapshot['variables'][number];
const snapshot = (revision: number, epoch = 1, value: unknown = revision): Changes => ({
  type: 'snapshot',
  snapshot: { sessionId: 's', epoch, revision, variables: [variable(value, revision)] },
});
const commit = (revision: number, epoch = 1, value: unknown = revision): Commit => ({
  sessionId: 's',
  epoch,
  revision,
  written: [variable(value, revision)],
  removed: [],
  writer: 'typescript',
  committedAtMs: 0,
});
const commits = (...list: Commit[]): Changes => ({
  type: 'commits',
  epoch: list.at(-1)?.epoch ?? 1,
  revision: list.at(-1)?.revision ?? 0,
  commits: list,
});

function setUp(changes: () => Promise<Changes> = async () => snapshot(1)) {
  const posted: string[] = [];
  const told: string[] = [];
  const asked: unknown[] = [];
  const bodies: (readonly [stream: string, body: HostBody])[] = [];
  let finish: (error?: Error) => void = () => {};
  const watch = async function* (): AsyncGenerator<WatchEvent> {
    await new Promise<void>((resolve, reject) => {
      finish = (error) => (error === undefined ? resolve() : reject(error));
    });
  };
  const session = {
    changes: (after: unknown) => {
      asked.push(after);
      return changes();
    },
    watch,
  } as unknown as StateSession;
  const sync = new SessionSync({
    provider: { find: async () => session } as unknown as StateProvider,
    post: (stream, payload) => {
      const body = decodeHostMessage(payload);
      bodies.push([stream, body]);
      if (body.case === 'drop') posted.push(`${stream}: drop ${body.value.sessionId}`);
      else if (body.case === 'sync')
        posted.push(`${stream}: ${body.value.change.case} ${body.value.change.value?.revision}`);
    },
    onChange: () => {},
    onLack: (stream, sessionId, lacking) => {
      told.push(`lack ${stream}`);
      sync.catchUp(stream, sessionId, lacking);
    },
    onEnd: (sessionId, epoch) => {
      told.push(`end ${sessionId} ${epoch}`);
      sync.forget(sessionId, epoch);
    },
  });
  return { sync, posted, told, asked, bodies, finish: (error?: Error) => finish(error) };
}

const turn = () => new Promise(setImmediate);

describe('what workers have of sessions', () => {
  it('is a snapshot first, then only what is new', () => {
    const { sync, posted } = setUp();
    expect(sync.bring('a', 's', snapshot(3))).to.equal(3);
    expect(sync.bring('a', 's', commits(commit(4), commit(5)))).to.equal(5);
    // Computed before the last one, and told after it.
    expect(sync.bring('a', 's', commits(commit(4)))).to.equal(5);
    expect(posted).to.deep.equal(['a: snapshot 3', 'a: commit 4', 'a: commit 5']);
  });

  it('is pushed to every worker that has the session, once, and to no other', () => {
    const { sync, posted } = setUp();
    sync.bring('a', 's', snapshot(1));
    sync.bring('b', 's', snapshot(2));
    sync.bring('c', 'other', snapshot(1));
    posted.length = 0;
    sync.changed('s', commits(commit(2)));
    sync.changed('s', commits(commit(3)));
    expect(posted).to.deep.equal(['a: commit 2', 'a: commit 3', 'b: commit 3']);
  });

  it('is what is meant for that worker: of the others it has the revisions alone', () => {
    const { sync, bodies } = setUp();
    const kept = { ...variable(1, 1), name: 'kept', constraints: { readers: ['a'] } } as Snapshot['variables'][number];
    for (const stream of ['a', 'b'])
      sync.bring(stream, 's', {
        type: 'snapshot',
        snapshot: { sessionId: 's', epoch: 1, revision: 1, variables: [variable(1, 1), kept] },
      });
    sync.changed('s', commits({ ...commit(2), written: [kept] }, commit(3)));
    sync.changed(
      's',
      commits({ ...commit(4), written: [], removed: ['kept'], before: [{ name: 'kept', readers: ['a'] }] }),
    );
    const seen = (stream: string) =>
      bodies.flatMap(([to, body]) => {
        if (to !== stream || body.case !== 'sync') return [];
        const { change } = body.value;
        if (change.case === 'snapshot') return [change.value.variables.map(({ name }) => name)];
        const { written = [], removed = [], writer } = change.value ?? {};
        return [[...written.map(({ name }) => name), ...removed.map((name) => `-${name}`), writer]];
      });
    expect(seen('a')).to.deep.equal([
      ['n', 'kept'],
      ['kept', 'typescript'],
      ['n', 'typescript'],
      ['-kept', 'typescript'],
    ]);
    expect(seen('b')).to.deep.equal([['n'], [''], ['n', 'typescript'], ['']]);
  });

  it('is read again when commits between were not told one by one', async () => {
    const { sync, posted, told } = setUp(async () => snapshot(9));
    sync.bring('a', 's', snapshot(1));
    sync.changed('s', commits(commit(9)));
    expect(posted).to.deep.equal(['a: snapshot 1']);
    await turn();
    expect(told).to.deep.equal(['lack a']);
    expect(posted).to.deep.equal(['a: snapshot 1', 'a: snapshot 9']);
  });

  it('is read again by a worker that was brought up to an older state than was pushed already', async () => {
    const { sync, posted } = setUp(async () => commits(commit(2), commit(3)));
    sync.bring('a', 's', snapshot(1));
    sync.changed('s', commits(commit(2)));
    sync.changed('s', commits(commit(3)));
    // Read before those two.
    sync.bring('b', 's', snapshot(1));
    await turn();
    expect(posted.filter((line) => line.startsWith('b'))).to.deep.equal([
      'b: snapshot 1',
      'b: commit 2',
      'b: commit 3',
    ]);
  });

  it('is dropped when the session is over, but not its next life', async () => {
    const { sync, posted, told, finish } = setUp();
    sync.bring('a', 's', snapshot(1, 1));
    sync.bring('b', 's', snapshot(1, 1));
    await turn();
    finish(new StateError('expired', 's: its time is over'));
    await turn();
    expect(told).to.deep.equal(['end s 1']);
    expect(posted.slice(-2)).to.deep.equal(['a: drop s', 'b: drop s']);
    sync.bring('a', 's', snapshot(1, 2));
    sync.forget('s', 1);
    expect(posted.at(-1)).to.equal('a: snapshot 1');
  });

  it('is forgotten, not sent, when it cannot cross; who asks is told', () => {
    const { sync, posted } = setUp();
    sync.bring('a', 's', snapshot(1));
    sync.changed('s', commits(commit(2, 1, () => 1)));
    sync.catchUp(
      'a',
      's',
      snapshot(3, 1, () => 1),
    );
    expect(posted).to.deep.equal(['a: snapshot 1']);
    expect(() =>
      sync.bring(
        'a',
        's',
        snapshot(3, 1, () => 1),
      ),
    ).to.throw(StateError);
    sync.bring('a', 's', snapshot(4));
    expect(posted).to.deep.equal(['a: snapshot 1', 'a: snapshot 4']);
  });

  it('is bounded: a worker drops the session that was used least recently', () => {
    const { sync, posted } = setUp();
    for (let i = 0; i < 257; i += 1) sync.bring('a', `s${i}`, snapshot(1));
    expect(posted.filter((line) => line.includes('drop'))).to.deep.equal(['a: drop s0']);
  });

  it('is asked for from where the worker is', async () => {
    const { sync, asked } = setUp();
    await sync.lacking('a', 's');
    sync.bring('a', 's', snapshot(7, 3));
    await sync.lacking('a', 's');
    sync.down('a');
    await sync.lacking('a', 's');
    expect(asked).to.deep.equal([undefined, { epoch: 3, revision: 7 }, undefined]);
  });
});
