/** What a fault set tells of its plans, and those news as events of a system: few enough to be read. */
import type { ActorSystem, FaultEvent, FaultMark } from '../../actors/core/index.ts';
import { formatPlan } from '../plan/short-form.ts';
import type { ActivePlan } from './active-plan.ts';
import type { ActiveRule, Site } from './active-rule.ts';

export type FaultNews =
  | { readonly type: 'started'; readonly plan: ActivePlan }
  | { readonly type: 'done'; readonly mark: FaultMark; readonly rule: ActiveRule; readonly site: Site }
  | { readonly type: 'healed'; readonly plan: ActivePlan; readonly rule: ActiveRule }
  | { readonly type: 'ended'; readonly plan: ActivePlan; readonly why: 'stopped' | 'expired' };

/** How many deeds of one rule are told in a second; the next one says how many were not. */
const toldPerSecond = 10;

interface Told {
  second: number;
  inSecond: number;
  untold: number;
}

/** Hears news and emits them as events of a system. */
export function asEvents(system: ActorSystem): (news: FaultNews) => void {
  const rules = new WeakMap<ActiveRule, Told>();
  const { clock } = system.runtime;
  const emit = (event: FaultEvent) => system.emit(event);
  return (news) => {
    switch (news.type) {
      case 'started': {
        const { id, by, plan } = news.plan;
        emit({ type: 'fault.started', plan: id, by, form: formatPlan(plan), expiresMs: plan.expiresMs });
        return;
      }
      case 'done': {
        const { mark, rule, site } = news;
        let told = rules.get(rule);
        if (told === undefined) {
          told = { second: 0, inSecond: 0, untold: 0 };
          rules.set(rule, told);
        }
        const second = Math.floor(clock.monotonicMs() / 1_000);
        if (second !== told.second) {
          told.second = second;
          told.inSecond = 0;
        }
        told.inSecond += 1;
        if (told.inSecond > toldPerSecond) {
          told.untold += 1;
          return;
        }
        const { untold } = told;
        told.untold = 0;
        const { path, message } = site;
        emit({ type: 'fault.done', ...mark, path, message, done: rule.done, untold });
        return;
      }
      case 'healed':
        emit({ type: 'fault.healed', plan: news.plan.id, rule: news.rule.id, done: news.rule.done });
        return;
      case 'ended': {
        const { id, status } = news.plan;
        const done = status.reduce((sum, rule) => sum + rule.done, 0);
        emit({ type: 'fault.ended', plan: id, why: news.why, done });
      }
    }
  };
}
