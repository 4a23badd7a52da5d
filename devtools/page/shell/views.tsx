/** All views by their names. */
import type { FunctionComponent } from 'preact';
import { to } from '../data/route.ts';
import { ActorView } from '../views/actor/actor-view.tsx';
import { AuditView } from '../views/audit/audit-view.tsx';
import { BridgeView } from '../views/bridge/bridge-view.tsx';
import { TraceView } from '../views/bridge/trace-view.tsx';
import { CrashesView } from '../views/crashes/crashes-view.tsx';
import { FaultsView } from '../views/faults/faults-view.tsx';
import { FileView } from '../views/file/file-view.tsx';
import { MessagesView } from '../views/messages/messages-view.tsx';
import { OverviewView } from '../views/overview/overview-view.tsx';
import { SessionsView } from '../views/sessions/sessions-view.tsx';
import { TimeView } from '../views/time/time-view.tsx';
import { TreeView } from '../views/tree/tree-view.tsx';
import { WorkersView } from '../views/workers/workers-view.tsx';

export interface NamedView {
  readonly name: string;
  readonly title: string;
  readonly View: FunctionComponent;
  /** Where it stands in the navigation; what stands nowhere is reached by links. */
  readonly listed: boolean;
}

export const views: readonly NamedView[] = [
  { name: 'overview', title: 'Overview', View: OverviewView, listed: true },
  { name: 'tree', title: 'Tree', View: TreeView, listed: true },
  { name: 'messages', title: 'Messages', View: MessagesView, listed: true },
  { name: 'crashes', title: 'Crashes', View: CrashesView, listed: true },
  { name: 'sessions', title: 'Sessions', View: SessionsView, listed: true },
  { name: 'workers', title: 'Workers', View: WorkersView, listed: true },
  { name: 'bridge', title: 'Bridge', View: BridgeView, listed: true },
  { name: 'faults', title: 'Faults', View: FaultsView, listed: true },
  { name: 'time', title: 'Time', View: TimeView, listed: true },
  { name: 'audit', title: 'Audit', View: AuditView, listed: true },
  { name: 'file', title: 'File', View: FileView, listed: true },
  { name: 'actor', title: 'Actor', View: ActorView, listed: false },
  { name: 'trace', title: 'Trace', View: TraceView, listed: false },
];

const unknown: NamedView = { name: '', title: 'No such view', View: NoSuchView, listed: false };

export const viewNamed = (name: string): NamedView => views.find((view) => view.name === name) ?? unknown;

function NoSuchView() {
  return (
    <p class="none">
      This page has no such view. <a href={to('overview')}>Overview</a>
    </p>
  );
}
