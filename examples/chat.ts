/**
 * A chat that streams: each answer is printed as it is generated, what was said is a variable of the session, and an
 * answer that nobody wants any more stops in the middle, in the engine as well.
 */
import { declare, integer, json, openContext, startSupervisor } from '../index.ts';
import { demoSystem } from './support/demo-system.ts';
import { must } from './support/report.ts';

await using app = await startSupervisor({ children: { ophion: demoSystem() } });
await using context = await openContext(app.children.ophion, {
  variables: declare({
    said: json({ schema: { type: 'array', items: { type: 'string' } }, default: [] }),
    max_tokens: integer({ min: 1, max: 512, default: 40 }),
  }),
});
const chat = context.program('chat', {
  dspy: 'Predict',
  signature: 'said: list[str], message -> reply',
  bind: { said: 'said', max_tokens: 'max_tokens' }, // what was said before is an input that is read by itself
});

/** Prints the reply as it comes; with `most`, only so many pieces of it. */
async function say(message: string, most = Number.POSITIVE_INFINITY): Promise<string> {
  process.stdout.write(`> ${message}\n`);
  let reply = '';
  let pieces = 0;
  for await (const event of chat.stream({ message })) {
    if (event.type !== 'token') continue;
    process.stdout.write(event.text);
    reply += event.text;
    pieces += 1;
    if (pieces === most) break; // the generation ends here, not only the reading
  }
  process.stdout.write('\n');
  await context.variables.update('said', (said) => [...(said as string[]), message, reply]);
  return reply;
}

const whole = await say('Tell me of the sea.');
must(whole.length > 0, 'there was no reply');
const cut = await say('And of the mountains?', 3);
must(cut.length > 0, 'there was no beginning of a reply');
await say('Thank you.');

const said = (await context.variables.get('said')) as string[];
must(said.length === 6, `${said.length} things were said`);
console.log(`${said.length / 2} messages and their replies are in the session`);
