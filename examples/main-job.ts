/**
 * The main job: a supervision tree with two Python workers, a DSPy program on a real local language model whose
 * parameters are live variables, and a fault in every part of it while it works.
 *
 * `npm start` runs it and serves until Ctrl-C; `--once` ends after the summary; `--json` prints one JSON object a line.
 */
import { fileURLToPath } from 'node:url';
import { formatTree, inspectTree, nextEvent, startDevtools, totalRestarts } from '../devtools/index.ts';
import {
  type Change,
  choice,
  declare,
  exitReason,
  float,
  integer,
  openContext,
  ophion,
  type ProgramRun,
  python,
  startSupervisor,
  type WorkerStatus,
} from '../index.ts';
import { must, Report } from './support/report.ts';

const flags = new Set(process.argv.slice(2));
const stopping = new AbortController();
const report = new Report(flags.has('--json'), stopping.signal);
const question = 'Why is the sky blue?';
const knowledge: Readonly<Record<string, string>> = {
  ophion: 'Ophion is a serpent of Greek myth that coiled around the egg of the world and kept it whole.',
};

/** What a run was made of: the value that the engine received, and the revision that the call saw. */
function factsOf(run: ProgramRun<'question -> answer'>) {
  const [call] = run.facts.lm_calls as readonly Record<string, unknown>[];
  return {
    answer: run.output.answer,
    engineTemperature: call?.temperature,
    model: call?.model,
    revision: run.revision,
    worker: run.worker,
  };
}

async function main(): Promise<void> {
  // Not `once`: npm passes on the signal that the terminal has sent already.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

  // #region first program
  const app = await startSupervisor({
    strategy: 'one_for_one',
    children: {
      ophion: ophion({
        pools: {
          default: python({
            module: 'demo_programs',
            pythonPath: [fileURLToPath(new URL('python', import.meta.url))],
            size: 2,
          }),
        },
      }),
    },
  });

  const context = await openContext(app.children.ophion, {
    variables: declare({
      temperature: float({ min: 0, max: 2, default: 0 }),
      max_tokens: integer({ min: 1, max: 512, default: 64 }),
      style: choice(['short', 'long'], { default: 'short' }),
    }),
  });

  const qa = context.program('qa', {
    dspy: 'Predict',
    signature: 'question -> answer', // run() takes { question: string } and resolves to { answer: string }
    bind: { temperature: 'temperature', max_tokens: 'max_tokens', style: 'style' },
    idempotent: true,
  });
  // #endregion

  // The page, and `ophion tree` and its like: on this machine alone. Its crashes are made on purpose, so none is printed.
  const devtools = await startDevtools(app, { name: 'main-job', actions: true, printCrashes: false });

  const grounded = context.program('grounded', {
    dspy: 'demo_programs:Grounded',
    signature: 'topic, question -> answer',
    bind: { temperature: 'temperature', max_tokens: 'max_tokens' },
    idempotent: true, // running it twice does no harm: when its worker is lost, it runs again
  });

  const system = app.children.ophion;
  const { default: pool } = system.pools;
  report.say(`Look inside: ${devtools.newLink()} (the address works once)`);
  let model = '';
  let answer = '';
  try {
    await report.step('tree', 'Start the tree with a pool of two Python workers', async () => {
      const { workers } = await pool.ready(2);
      must(workers.length === 2, `the pool has ${workers.length} workers, not 2`);
      report.say(formatTree(inspectTree(app)));
      return { workers: workers.map(({ pid, osPid }) => `${pid} is process ${osPid}`) };
    });

    await report.step('context', 'Open a context and declare its variables', async () => {
      const { revision, variables } = await context.variables.snapshot();
      return { revision, variables: Object.fromEntries(variables.map(({ name, value }) => [name, value])) };
    });

    await report.step('program', 'Register a DSPy program: the context moves itself to bridged state', async () => {
      await context.ensureBridged();
      must(context.state === 'bridged', `the context is on ${context.state} state`);
      return { program: qa.name, signature: qa.signature.text, state: context.state };
    });

    await report.step('answers', 'Run it twice at temperature 0: the same answer', async () => {
      const first = await qa.runDetailed({ question });
      const second = await qa.runDetailed({ question });
      ({ answer } = first.output);
      must(second.output.answer === answer, `the second answer differs: ${second.output.answer}`);
      const facts = factsOf(first);
      must(facts.engineTemperature === 0, `the engine ran at temperature ${facts.engineTemperature}`);
      model = String(facts.model);
      const { stand_in: standIn } = first.facts.language_model as { stand_in: boolean };
      if (standIn)
        report.say('   The local model is not installed: a deterministic STAND-IN answers, not a language model.');
      return { ...facts, same: true, ...(standIn ? { standIn } : {}) };
    });

    await report.step('temperature', 'Set temperature to 0.9: the very next call runs with it', async () => {
      // #region very next call
      const { revision } = await context.variables.set('temperature', 0.9);
      const run = await qa.runDetailed({ question });
      // #endregion
      const facts = factsOf(run);
      must(facts.engineTemperature === 0.9, `the engine ran at temperature ${facts.engineTemperature}`);
      must(facts.revision >= revision, `the call saw revision ${facts.revision}, before ${revision}`);
      return { setAtRevision: revision, ...facts };
    });

    await report.step('stream', 'Stream the tokens of one answer', async () => {
      let pieces = 0;
      let text = '';
      let whole = '';
      for await (const event of qa.stream({ question })) {
        if (event.type === 'run') {
          whole = event.run.output.answer;
          continue;
        }
        pieces += 1;
        text += event.text;
      }
      must(pieces > 1 && text === whole, `${pieces} pieces gave '${text}', the answer is '${whole}'`);
      return { pieces, text };
    });

    await report.step('tool', 'Python calls a TypeScript tool in the middle of a program', async () => {
      const asked: string[] = [];
      await context.expose({
        lookup: ({ topic }: { topic: string }) => {
          asked.push(topic);
          return knowledge[topic] ?? 'nothing is known of it';
        },
      });
      const run = await grounded.runDetailed({ topic: 'ophion', question: 'Who is Ophion?' });
      must(asked.join() === 'ophion', `lookup was asked for '${asked.join()}'`);
      must(run.facts.looked_up === knowledge.ophion, 'Python did not get what lookup answered');
      return { asked, lookedUp: run.facts.looked_up, answer: run.output.answer };
    });

    // #region killed in a call
    await report.step('kill', 'SIGKILL the worker in the middle of a call: another one runs it again', async () => {
      const before = await context.variables.getAll();
      // In the middle is where the program waits for `lookup`: its first call kills the worker that asked.
      const dispatched = nextEvent(app, 'tool.dispatched');
      const victims: WorkerStatus[] = [];
      await context.expose({
        lookup: async ({ topic }: { topic: string }) => {
          if (victims.length === 0) {
            const { worker } = await dispatched;
            victims.push(...(await pool.status()).workers.filter(({ pid }) => String(pid) === worker));
            for (const { osPid } of victims) if (osPid !== undefined) process.kill(osPid, 'SIGKILL');
          }
          return knowledge[topic] ?? 'nothing is known of it';
        },
      });
      const run = await grounded.runDetailed({ topic: 'ophion', question: 'Who is Ophion?' });
      const [victim] = victims;
      must(victim !== undefined, 'lookup was not called');
      must(run.attempts === 2 && run.worker !== String(victim.pid), `attempt ${run.attempts} ran on ${run.worker}`);
      const { workers } = await pool.ready(2);
      must(!workers.some(({ osPid }) => osPid === victim.osPid), 'the killed process is still there');
      const after = await context.variables.getAll();
      must(JSON.stringify(after) === JSON.stringify(before), 'the variables have changed');
      const successor = workers.find(({ id }) => id === victim.id);
      return {
        killed: `${victim.pid} (process ${victim.osPid})`,
        ranAgainOn: run.worker,
        attempts: run.attempts,
        successor: `${successor?.pid} (process ${successor?.osPid})`,
        variables: after,
      };
    });
    // #endregion

    await report.step(
      'crash',
      'Crash Session, SessionStore, ObserverManager and the bridge, one after the other',
      async () => {
        const processes = (await pool.status()).workers.map(({ osPid }) => osPid);
        const { revision: start } = await context.variables.snapshot();
        const watcher = context.variables.watch({ names: ['temperature'], from: start });
        const seen: Change[] = [];
        for (const [name, actor] of Object.entries(system.stateActors(context.id))) {
          const restarted = nextEvent(app, 'child.restarted', ({ pid }) => pid.path === actor.path);
          actor.exit(exitReason.error(new Error(`${name} was crashed by the main job`)));
          await restarted;
          const value = seen.length / 10;
          await context.variables.set('temperature', value);
          const { value: change } = await watcher.next();
          must(
            change?.values.temperature === value,
            `after the crash of ${name} the watcher saw ${JSON.stringify(change)}`,
          );
          seen.push(change);
          const facts = factsOf(await qa.runDetailed({ question }));
          must(
            facts.engineTemperature === value,
            `after the crash of ${name} the engine ran at ${facts.engineTemperature}`,
          );
        }
        await watcher.return();
        const revisions = seen.map(({ revision }) => revision);
        must(
          revisions.every((revision, index) => revision === start + 1 + index),
          `revisions ${revisions} after ${start}`,
        );
        const now = (await pool.status()).workers.map(({ osPid }) => osPid);
        must(now.join() === processes.join(), `the Python processes were ${processes} and are ${now}`);
        return { crashed: Object.keys(system.stateActors(context.id)), watcherSaw: revisions, processes: now };
      },
    );

    await report.step('look', 'Look at the tree: who was restarted', async () => {
      const tree = inspectTree(app);
      report.say(formatTree(tree));
      const restarts = totalRestarts(tree);
      must(restarts >= 5, `only ${restarts} restarts`);
      return { restarts };
    });
  } catch {
    // Told by the step already; what follows stops everything all the same.
  }
  const { workers } = await pool.status();
  report.summary({
    restarts: totalRestarts(inspectTree(app)),
    workers: workers.map(({ pid, osPid }) => ({ pid: osPid, incarnation: pid.incarnation })),
    model,
  });

  if (!flags.has('--once') && report.ok) {
    report.say(`\nServing until Ctrl-C. Look inside: ${devtools.newLink()}`);
    await new Promise<void>((resolve) => {
      if (stopping.signal.aborted) resolve();
      else stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  await context.close();
  await devtools.stop();
  await app.stop();
  if (!report.ok) process.exitCode = stopping.signal.aborted ? 130 : 1;
}

try {
  await main();
} catch (error) {
  // Nothing was started, or it could not be stopped: either way somebody has to know.
  report.failed('start', error);
  process.exitCode = 1;
}
