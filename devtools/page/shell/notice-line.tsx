/** The outcome of the last action, read out by screen readers as well. */
import { notice } from '../data/actions.ts';

export function NoticeLine() {
  const said = notice.value;
  return (
    <div class="notice-place" role="status" aria-live="polite">
      {said !== null && (
        <p class={`notice ${said.failed ? 'bad' : 'good'}`}>
          {said.text}{' '}
          <button
            type="button"
            aria-label="close"
            onClick={() => {
              notice.value = null;
            }}
          >
            ×
          </button>
        </p>
      )}
    </div>
  );
}
