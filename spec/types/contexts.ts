// What must and must not compile of contexts, their variables and scopes.
import { choice, declare, float, type OphionRef, openContext, string } from '../../index.ts';

export async function scopes(ophion: OphionRef): Promise<void> {
  const outer = await openContext(ophion, {
    variables: declare({ temperature: float({ default: 0.7 }), model: string({ default: 'small' }) }),
  });
  const inner = await openContext(ophion, {
    inherits: outer,
    variables: declare({ model: choice(['a', 'b'], { default: 'a' }) }),
  });
  const temperature: number = await inner.variables.get('temperature');
  const model: 'a' | 'b' = await inner.variables.get('model');
  await inner.variables.set('model', 'b');
  // @ts-expect-error the inner one's own declaration counts
  await inner.variables.set('model', 'small');
  // @ts-expect-error nobody declares it
  await inner.variables.get('style');
  // @ts-expect-error it is a number
  await inner.variables.set('temperature', 'warm');
  await using scope = await outer.scope({ variables: declare({ temperature: string({ default: 'warm' }) }) });
  const warm: string = await scope.variables.get('temperature');
  const small: string = await scope.variables.get('model');
  const orNothing: number = await inner.variables.get('temperature', { default: 1 });
  // @ts-expect-error a default is a value of the variable
  await inner.variables.get('temperature', { default: 'warm' });
  const { revision } = await inner.variables.batch({ temperature: 1 });
  const { failed } = await inner.variables.batch({ temperature: 1 }, { atomic: false });
  const reason: string | undefined = failed.temperature?.code;
  // @ts-expect-error no such variable can have failed
  failed.style;
  // @ts-expect-error metadata is JSON
  await inner.addMetadata({ when: new Date() });
  void [temperature, model, orNothing, revision, reason, warm, small];
}
