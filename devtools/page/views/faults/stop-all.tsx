/** Ends all fault plans, at once and without a question: it only makes things well. */
import { act, refusal } from '../../data/actions.ts';

export function StopAll() {
  const refused = refusal('faultsStop');
  return (
    <button
      type="button"
      class="danger"
      disabled={refused !== undefined}
      title={refused ?? 'ends all plans, whoever armed them, and heals everything'}
      onClick={() => void act({ do: 'faultsStop' }, 'stop all faults')}
    >
      stop all faults
    </button>
  );
}
