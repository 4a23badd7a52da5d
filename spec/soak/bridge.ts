/** `npm run soak -- bridge`: what tool calls, sessions and all who speak to the bridge are put through. */
import { fuzz } from './fuzz.ts';
import { type HowLong, howLong, laps, type RunOptions, type Scenario } from './scenario.ts';
import { delayed, slowReader } from './slow-reader.ts';
import { toolChaos } from './tool-chaos.ts';

/** Half of the calls on each carrier, one after the other. */
async function onBothCarriers({ seed, minutes, say }: RunOptions) {
  const calls: HowLong = howLong(5_000, minutes === undefined ? undefined : minutes / 2);
  const on = async (carrier: 'grpc' | 'unix') => {
    const { wrong, ...figures } = await toolChaos({ carrier, calls, seed, say: (text) => say(`${carrier}: ${text}`) });
    return { figures, wrong: wrong.map((one) => `${carrier}: ${one}`) };
  };
  const [grpc, unix] = [await on('grpc'), await on('unix')];
  return { grpc: grpc.figures, unix: unix.figures, wrong: [...grpc.wrong, ...unix.wrong] };
}

/** Where the clock decides, again and again, each time from another seed. */
async function fuzzAll({ seed, minutes, say }: RunOptions) {
  let frames = 0;
  const wrong: string[] = [];
  let figures = {};
  for (const lap of laps(howLong(1, minutes))) {
    const { frames: more, wrong: found, ...rest } = await fuzz({ frames: 5_000, seed: seed + lap, say });
    frames += more;
    figures = rest;
    wrong.push(...found.map((one) => `seed ${seed + lap}: ${one}`));
  }
  return { frames, ...figures, wrong };
}

async function readSlowly({ minutes, say }: RunOptions) {
  const wrong: string[] = [];
  let report = {};
  for (const lap of laps(howLong(1, minutes))) {
    say(`round ${lap + 1}`);
    const times = await slowReader({ calls: 4_000 });
    report = times;
    wrong.push(...delayed(times));
  }
  return { ...report, wrong };
}

export const bridge: readonly Scenario[] = [
  {
    name: 'tool-chaos',
    what: '10,000 calls in sessions under cuts, kills and crashes of the bridge, half on each carrier',
    run: onBothCarriers,
  },
  { name: 'fuzz', what: '5,000 frames that were changed, at every door', run: fuzzAll },
  {
    name: 'slow-reader',
    what: '4,000 calls beside streams that are read slowly or not at all',
    run: readSlowly,
  },
];
