/** What stands in the files of deploy/, for rules about them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

type Texts = Readonly<Record<string, string>>;
interface Named {
  readonly name: string;
}
interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}
export interface ComposeService {
  readonly image: string;
  readonly restart: string;
  readonly build?: { readonly dockerfile: string };
  readonly environment?: Texts;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: readonly string[] | Readonly<Record<string, object>>;
  readonly deploy?: { readonly replicas: number };
}

/** What the rules look at, of each kind that there is. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: Named;
  readonly data: Texts;
  readonly spec: {
    readonly replicas: number;
    readonly minAvailable: number;
    readonly selector: Texts & { readonly matchLabels: Texts };
    readonly ports: readonly (Named & { readonly port: number; readonly targetPort: string })[];
    readonly template: Pod;
  };
}
export interface Pod {
  readonly metadata: { readonly labels: Texts };
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly automountServiceAccountToken: boolean;
    readonly securityContext: { readonly runAsNonRoot: boolean };
    readonly containers: readonly Container[];
    readonly volumes: readonly (Named & {
      readonly secret?: { readonly secretName: string; readonly items?: readonly { readonly key: string }[] };
    })[];
  };
}
export interface Container extends Named {
  readonly image: string;
  readonly env?: readonly (Named & { readonly value?: string })[];
  readonly envFrom: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[];
  readonly ports: readonly (Named & { readonly containerPort: number })[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle: { readonly preStop: Probe };
  readonly securityContext: object;
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly volumeMounts: readonly (Named & { readonly mountPath: string })[];
}

/** The documents of a YAML file, read by the YAML of the virtual environment: Node has none. */
export function documents(path: string): unknown {
  const program = 'import json,sys,yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)';
  const python = join(root, '.venv', 'bin', 'python');
  return JSON.parse(execFileSync(python, ['-c', program], { input: read(path), encoding: 'utf8' }));
}

export interface Instruction {
  readonly name: string;
  readonly args: string;
}

/** The stages of a container file, each with its instructions in order; a continued line is one. */
export function stagesOf(path: string): readonly (readonly Instruction[])[] {
  const lines = read(path)
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', args = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`${path}: no instruction: ${line}`);
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, args });
  }
  return stages;
}

/** The names of settings that a program of deploy/ reads. */
export const settingsIn = (path: string): ReadonlySet<string> =>
  new Set(read(path).match(/\b(?:OPHION|REDIS)_[A-Z0-9_]+\b/g) ?? []);
