import { writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { plain } from '../../../devtools/report/paint.ts';
import { reply, server } from '../../../index.ts';
import { activePlans, armFaults, catalogue, parsePlan } from '../../../testing/index.ts';
import { type CommandOptions, command } from '../../helpers/captured-io.ts';
import { rejection } from '../../helpers/rejection.ts';
import { useDevtools } from '../../helpers/use-devtools.ts';
import { useFolder } from '../../helpers/use-folder.ts';

const counter = server({
  init: () => 0,
  call: { add: (count, by: number) => reply(count + by, count + by) },
});

const count = Object.values(catalogue).reduce((sum, group) => sum + Object.keys(group).length, 0);

describe('ophion faults', () => {
  const test = useDevtools(() => ({ counter }), { actions: true, printCrashes: false });
  const folder = useFolder();
  const faults = (args: readonly string[], options: CommandOptions = {}) =>
    command(['faults', ...args], { env: process.env, ...options });
  const json = async (...args: string[]) => JSON.parse((await faults([...args, '--json'])).out);

  it('lists the catalogue, a fault a line, found by name or meaning', async () => {
    const { code, out } = await faults(['list']);
    expect(code).to.equal(0);
    expect(out.trimEnd().split('\n')).to.have.length(count + 1);
    const found = (await faults(['list', 'MAILBOX'])).out.trimEnd().split('\n');
    expect(found[1]).to.match(/^actor\.overflow +has a full mailbox .* message\.send=throw$/);
    expect((await json('list', 'actor.kill'))[0].rule.what).to.deep.equal([{ do: 'kill' }]);
    expect((await faults(['list', '--points'])).out).to.match(/\nactor\.receive +- +off throw .*handles a letter/);
    expect((await faults(['list', '--doors'])).out).to.match(/\nprocess +no +start the system with/);
  });

  it('starts a plan that is written on the command line, and tells how it goes on', async () => {
    const { code, out } = await faults(['start', 'actor.receive{path=app/counter}=throw(boom)', '--for', '30s']);
    expect(code).to.equal(0);
    expect(out).to.match(/^p1 {2}by command line \d+ {2}ends in (30|2\d(\.\d)?) s\n {2}r1 {2}actor\.receive\{/);
    await rejection(test.app.children.counter.call('add', 1));
    const [row] = await json('status');
    expect(row.rules[0]).to.include({ hits: 1, done: 1 });
    expect((await faults(['status', '--check'])).code).to.equal(1);
    expect(await faults(['stop'])).to.include({ code: 0, out: 'stopped 1\n' });
    expect(await faults(['status', '--check'])).to.include({ code: 0, out: 'no plan is armed\n' });
    expect(await faults(['stop'])).to.include({ code: 0, out: 'no plan was armed\n' });
  });

  it('starts an entry of the catalogue, with where, when and its arguments', async () => {
    const args = '--entry actor.slow --arg ms=1 --path app/* --message add --every 2 --probability 0.5 --times 3';
    const { form } = await json('start', ...args.split(' '));
    expect(form).to.include('actor.receive{path=app/*,message=add,every=2,probability=0.5,times=3}=sleep(1)');
    expect(activePlans(test.app)[0]?.plan.expiresMs).to.equal(60_000);
  });

  it('starts a plan of a file, as JSON or in the short form', async () => {
    const [asJson, asText] = [folder('plan.json'), folder('plan.txt')];
    writeFileSync(asJson, JSON.stringify({ expiresMs: 5_000, rules: parsePlan('actor.init=sleep(1)').rules }));
    writeFileSync(asText, 'actor.init=sleep(2)\n');
    expect((await json('start', '--file', asJson)).form).to.equal('@expiresMs=5000;actor.init=sleep(1)');
    expect((await json('start', '--file', asText)).form).to.equal('@expiresMs=60000;actor.init=sleep(2)');
  });

  it('heals and releases what waits', async () => {
    const { id } = await json(
      'start',
      'actor.receive{id=a,path=app/counter,nth=1}=pause;actor.receive{id=b,nth=2}=hang',
    );
    const first = test.app.children.counter.call('add', 1, { timeoutMs: 60_000 });
    while ((await json('status'))[0].rules[0].held === 0);
    expect((await faults(['release', id, 'a'])).out).to.equal(`released ${id} a\n`);
    expect(await first).to.equal(1);
    const second = test.app.children.counter.call('add', 1, { timeoutMs: 60_000 });
    while ((await json('status'))[0].rules[1].held === 0);
    expect((await faults(['heal', id])).out).to.equal(`healed ${id}\n`);
    expect(await second).to.equal(2);
  });

  it('ends with 2 for a wrong plan, naming its field, 3 for what is not there, 1 for a door that is not', async () => {
    const cases: readonly (readonly [args: readonly string[], code: number, said: string])[] = [
      [['start'], 2, 'name one of'],
      [['start', 'actor.init=throw', '--entry', 'actor.kill'], 2, 'name one of'],
      [['start', 'actor.receive{nth=0}=throw'], 2, 'rules[0].when.nth'],
      [['start', '--entry', 'actor.kill', '--arg', 'ms=1'], 2, 'rules[0].what[0].ms'],
      [['start', 'actor.init=throw', '--for', '2h'], 2, 'expiresMs'],
      [['start', '--entry', 'actor.none'], 3, 'ophion faults list'],
      [['start', '--file', folder('none.json')], 3, 'cannot be read'],
      [['stop', 'p9'], 3, `no plan 'p9'`],
      [['start', 'process.run=kill'], 1, 'faultDoors(nodeRuntime())'],
    ];
    for (const [args, code, said] of cases) {
      const ended = await faults(args);
      expect(ended.code, args.join(' ')).to.equal(code);
      expect(ended.err, args.join(' ')).to.include(said);
    }
  });

  it('waits for the end of the plan, and says how often it did something', async () => {
    const ended = faults(['start', 'actor.receive{path=app/counter}=sleep(1)', '--for', '1s', '--wait']);
    while (activePlans(test.app).length === 0) await new Promise((resolve) => setImmediate(resolve));
    await test.app.children.counter.call('add', 1);
    const { code, err } = await ended;
    expect(code).to.equal(0);
    expect(err).to.match(/^p1 is over: r1: 1 hits, 1 done\n$/);
  });

  it('ends the plan that it waits for at Ctrl-C, and with 130', async () => {
    const ctrlC = new AbortController();
    const drawn: string[] = [];
    const stdout = new Writable({
      write(piece, _encoding, done) {
        drawn.push(String(piece));
        if (drawn.length > 1) ctrlC.abort('interrupted');
        done();
      },
    });
    const terminal = { columns: 80, stdout, paint: plain, signal: ctrlC.signal };
    const { code } = await faults(['start', 'actor.init=sleep(1)', '--wait'], terminal);
    expect(code).to.equal(130);
    expect(drawn[0]).to.match(/p1 {2}ends in .* r1: 0 hits, 0 done {2}\(Ctrl-C ends it\)/);
    expect(activePlans(test.app)).to.deep.equal([]);
  });

  it('is seen by the doctor while a plan is armed, also by one that code has armed', async () => {
    armFaults(test.app, parsePlan('actor.init=sleep(1)'));
    const { out } = await command(['doctor', '--json'], { env: process.env });
    const found = JSON.parse(out).find(({ what }: { what: string }) => what === 'faults in app');
    expect(found).to.deep.include({ said: 'armed: p1 by code: actor.init=sleep(1)' });
    expect(found.todo).to.equal('ophion faults stop --name app');
  });
});
