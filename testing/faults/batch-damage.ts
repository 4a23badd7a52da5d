/** Batches as a bad wire leaves them: with a bit that is another, or cut short. */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Batch, FrameSchema } from '../../bridge/transport/index.ts';
import type { Decision } from './active-plan.ts';

export interface Damaged {
  /** What still arrives. */
  readonly frames: Batch | undefined;
  readonly readable: boolean;
}

/** One bit of one frame is another. A frame that then cannot be read is the end of what arrives. */
export function corrupted({ frames, acknowledged }: Batch, { rule }: Decision): Damaged {
  if (frames.length === 0)
    return { frames: { frames, acknowledged: acknowledged + 1 + rule.pick(1_000) }, readable: true };
  const which = rule.pick(frames.length);
  const bytes = toBinary(FrameSchema, frames[which] as Batch['frames'][number]);
  const at = rule.pick(Math.max(1, bytes.length));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << rule.pick(8));
  try {
    const changed = frames.with(which, fromBinary(FrameSchema, bytes));
    return { frames: { frames: changed, acknowledged }, readable: true };
  } catch {
    return { frames: { frames: frames.slice(0, which), acknowledged }, readable: false };
  }
}

/** Only what fits whole into so many bytes arrives, and then nothing more. */
export function truncated({ frames, acknowledged }: Batch, bytes: number): Damaged {
  let left = bytes;
  const arrived = frames.filter((frame) => {
    left -= toBinary(FrameSchema, frame).length;
    return left >= 0;
  });
  return { frames: arrived.length === 0 ? undefined : { frames: arrived, acknowledged }, readable: false };
}

/** How many bytes its frames are. */
export const sizeOfBatch = ({ frames }: Batch): number =>
  frames.reduce((sum, frame) => sum + toBinary(FrameSchema, frame).length, 0);
