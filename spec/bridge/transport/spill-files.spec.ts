import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProtocolError } from '../../../actors/core/index.ts';
import type { Elsewhere } from '../../../bridge/transport/gen/workers_pb.js';
import { elsewhere } from '../../../bridge/transport/spill.ts';
import { type FileSpill, SpillFiles } from '../../../bridge/transport/spill-files.ts';
import { needs } from '../../helpers/needs.ts';
import { rejection } from '../../helpers/rejection.ts';
import { spilledFiles } from '../../helpers/spilled-files.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const never = new AbortController().signal;
const parts = [new Uint8Array([1, 2, 3]), new Uint8Array(100_000).fill(7), new Uint8Array(), new Uint8Array([4])];

describe('files for large payloads', () => {
  let base = '';
  let files: SpillFiles;
  let spill: FileSpill;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'spill-'));
    for (const name of ['first', 'second']) mkdirSync(join(base, name));
    files = new SpillFiles([join(base, 'first'), join(base, 'second')]);
    spill = files.open() as FileSpill;
  });
  afterEach(() => {
    files.close();
    rmSync(base, { recursive: true });
  });

  const bases = () => [join(base, 'first'), join(base, 'second')];
  const left = () => spilledFiles(bases());
  const pathOf = ({ place }: Elsewhere) =>
    place.case === 'file' ? join(spill.folders[place.value.folder] as string, place.value.name) : '';
  const at = (name: string, folder = 0) =>
    elsewhere({ case: 'file', value: { $typeName: 'ophion.v1.SpilledFile', folder, name } }, parts);

  it('hold what was put, part by part, where nobody else can look, and are gone when it is taken', async () => {
    const lies = await spill.put(parts, never);
    expect(statSync(pathOf(lies)).mode & 0o777).to.equal(0o600);
    for (const folder of spill.folders) expect(statSync(folder).mode & 0o777).to.equal(0o700);
    expect(await spill.take(lies)).to.deep.equal(parts);
    expect(left()).to.deep.equal([]);
    expect(await rejection(spill.take(lies))).to.be.instanceOf(ProtocolError);
  });

  it('are removed when they are dropped, given up or closed, and with the host', async () => {
    const gone = async (path: string) => {
      while (existsSync(path)) await new Promise(setImmediate);
    };
    const dropped = await spill.put(parts, never);
    spill.drop(dropped);
    await gone(pathOf(dropped));
    const given = new AbortController();
    const putting = spill.put(parts, given.signal);
    given.abort(new Error('given up'));
    expect((await rejection(putting)).message).to.equal('given up');
    expect(left()).to.deep.equal([]);
    const kept = await spill.put(parts, never);
    spill.close();
    await gone(pathOf(kept));
    const last = (files.open() as FileSpill).folders[0] as string;
    files.close();
    expect(existsSync(last)).to.equal(false);
    expect(bases().flatMap((folder) => readdirSync(folder))).to.deep.equal([]);
  });

  for (const [what, spoil] of [
    ['that is not there', (path: string) => rmSync(path)],
    ['that was cut short', (path: string) => truncateSync(path, 50_000)],
    ['that is longer than was said', (path: string) => writeFileSync(path, 'more', { flag: 'a' })],
    [
      'that is a link to another one',
      (path: string) => {
        rmSync(path);
        writeFileSync(join(base, 'secret'), new Uint8Array(100_004));
        symlinkSync(join(base, 'secret'), path);
      },
    ],
    [
      'that is a folder',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ] as const) {
    it(`are not taken from a place ${what}`, async () => {
      const lies = await spill.put(parts, never);
      spoil(pathOf(lies));
      expect(await rejection(spill.take(lies))).to.be.instanceOf(Error);
      expect(existsSync(join(base, 'secret'))).to.equal(what.includes('link'));
    });
  }

  it('are found by a plain name in a folder of theirs alone', async () => {
    writeFileSync(join(base, 'first', 'w1'), new Uint8Array(100_004));
    for (const lies of [
      at('../w1'),
      at('../../first/w1'),
      at('/etc/passwd'),
      at(''),
      at('..'),
      at('w1', 2),
      at('a\0b'),
    ])
      expect(await rejection(spill.take(lies)))
        .to.be.instanceOf(ProtocolError)
        .with.property('message')
        .that.includes('no place');
    const transfer = elsewhere({ case: 'transfer', value: 1n }, parts);
    expect(await rejection(spill.take(transfer))).to.be.instanceOf(ProtocolError);
  });

  it('are there as long as any base can be written to', () => {
    writeFileSync(join(base, 'file'), '');
    const some = new SpillFiles([join(base, 'file'), join(base, 'second')]);
    expect(some.open()?.folders).to.have.length(1);
    some.close();
    expect(new SpillFiles([join(base, 'nowhere')]).open()).to.equal(undefined);
  });

  it('lie in the second folder when the first has no room, and nowhere when neither has', function () {
    needs(this, spawnSync('unshare', ['-rm', 'true']).status === 0, 'unshare -m');
    this.timeout(60_000);
    const program = `
      const { SpillFiles } = await import('./bridge/transport/spill-files.ts');
      const { readdirSync } = await import('node:fs');
      const spill = new SpillFiles(${JSON.stringify(bases())}).open();
      const put = (mib) => spill.put([new Uint8Array(mib << 20)], new AbortController().signal);
      const { place } = await put(3);
      const error = await put(9).catch((error) => error);
      const found = spill.folders.map((folder) => readdirSync(folder));
      console.log(JSON.stringify({ folder: place.value.folder, code: error.code, message: error.message, found }));`;
    const [first, second] = bases();
    const mounts = `mount -t tmpfs -o size=4m none ${first} && mount -t tmpfs -o size=8m none ${second}`;
    const run = `${mounts} && exec ${process.execPath} --import tsx --input-type=module -e "$0"`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', run, program], {
      cwd: checkout,
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    const { message, ...rest } = JSON.parse(stdout);
    expect(rest).to.deep.equal({ folder: 1, code: 'no_room', found: [[], ['h1']] });
    for (const said of ['9437184 bytes', first, second, 'ENOSPC', 'nothing was sent']) expect(message).to.include(said);
  });

  it('of a host that was killed are swept by the next one', async function () {
    needs(this, existsSync('/proc/self/stat'), '/proc');
    this.timeout(60_000);
    const program = `
      const { SpillFiles } = await import('./bridge/transport/spill-files.ts');
      await new SpillFiles(${JSON.stringify(bases())}).open().put([new Uint8Array(100)], new AbortController().signal);
      console.log('put');
      setInterval(() => {}, 1000);`;
    const host = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: checkout });
    await once(host.stdout, 'data');
    expect(spilledFiles(bases(), host.pid)).to.have.length(1);
    host.kill('SIGKILL');
    await once(host, 'exit');
    new SpillFiles(bases()).close();
    expect(spilledFiles(bases(), host.pid)).to.deep.equal([]);
  });
});

describe('files for large payloads in memory', () => {
  let files: SpillFiles;
  let spill: FileSpill;
  before(function () {
    needs(this, existsSync('/dev/shm'), '/dev/shm');
  });
  beforeEach(() => {
    files = new SpillFiles(['/dev/shm']);
    spill = files.open() as FileSpill;
  });
  afterEach(() => files.close());
  const folder = () => spill.folders[0] as string;
  /** As a worker has put it there. */
  const fromWorker = (name: string, size = 100_000) => {
    const lies = elsewhere({ case: 'file', value: { $typeName: 'ophion.v1.SpilledFile', folder: 0, name } }, [
      new Uint8Array(size),
    ]);
    writeFileSync(join(folder(), name), new Uint8Array(size));
    return lies;
  };

  it('are left to be written again, under another name and with whatever size', async () => {
    await spill.take(fromWorker('w1'));
    expect(readdirSync(folder())).to.deep.equal(['w1.spare']);
    renameSync(join(folder(), 'w1.spare'), join(folder(), 'h9.spare'));
    const { ino } = statSync(join(folder(), 'h9.spare'));
    for (const size of [50_000, 200_000, 100_000]) {
      const lies = await spill.put([new Uint8Array(size).fill(5)], never);
      const path = join(folder(), (lies.place.value as { name: string }).name);
      expect(statSync(path)).to.include({ ino, size });
      expect(readFileSync(path).every((byte) => byte === 5)).to.equal(true);
      renameSync(path, `${path}.spare`);
    }
    expect(readdirSync(folder())).to.deep.equal(['h3.spare']);
  });

  it('are few, and none when it has been quiet for a while', async () => {
    for (const name of ['w1', 'w2', 'w3']) {
      const lies = fromWorker(name, 0);
      truncateSync(join(folder(), name), 60 << 20);
      await spill.take({ ...lies, lengths: [BigInt(60 << 20)] });
    }
    expect(readdirSync(folder())).to.deep.equal(['w1.spare', 'w2.spare']);
    spill.rest();
    while (readdirSync(folder()).length > 0) await new Promise(setImmediate);
  });

  it('are not left when they could not be taken', async () => {
    const lies = fromWorker('w1');
    truncateSync(join(folder(), 'w1'), 5);
    expect(await rejection(spill.take(lies))).to.be.instanceOf(ProtocolError);
    expect(readdirSync(folder())).to.deep.equal(['w1']);
    spill.close();
    while (existsSync(folder())) await new Promise(setImmediate);
  });
});
