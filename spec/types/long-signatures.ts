/** How long a signature may be until the compiler gives up. Checked by `npm run types`; runs nothing. */
import type { Context, Inputs, Outputs } from '../../index.ts';
import { longSignature } from '../fixtures/long-signature.ts';

declare const context: Context;
type Given = Inputs<typeof longSignature>;
type Told = Outputs<typeof longSignature>;

export async function long(inputs: Given): Promise<void> {
  const program = context.program('p', { dspy: 'Predict', signature: longSignature });
  const output: Told = await program.run(inputs);
  const typed: [string, boolean, Record<string, number>, string | number] = [
    output.told_question_of_the_case_number_0,
    output.told_payment_of_the_case_number_13,
    output.told_question_of_the_case_number_15,
    output.told_delivery_of_the_case_number_29,
  ];
  const tone: 'kind' | 'stern' | 3 = output.told_context_of_the_case_number_16;
  // @ts-expect-error it is a number
  typed[0] = output.told_language_of_the_case_number_22;
  // @ts-expect-error there is no such output
  output.told_question_of_the_case_number_60;
  // @ts-expect-error all the other inputs are missing
  await program.run({ given_question_of_the_case_number_0: tone });
}
