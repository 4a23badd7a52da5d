import { findsPlanted } from '../soak/session-chaos/finds-planted.ts';
import { chaosBugs } from './session-chaos.ts';

describe('the soak of a local session', () => {
  findsPlanted('local', chaosBugs.local);
});
