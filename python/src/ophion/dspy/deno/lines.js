// The one function that the runner of DSPy's sandbox imports from deno.land: the lines of what is read.
export async function* readLines(reader) {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of reader.readable) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
