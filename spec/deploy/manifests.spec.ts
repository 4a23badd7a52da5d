import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { settingsOf } from '../../deploy/settings.ts';
import {
  type Compose,
  type ComposeService,
  type Container,
  documents,
  type Manifest,
  read,
  root,
  settingsIn,
} from '../helpers/deployment.ts';
import { useFolder } from '../helpers/use-folder.ts';

type Environment = Record<string, string>;

const known = settingsIn('deploy/settings.ts');
const knownByWorkers = new Set([...settingsIn('deploy/worker.sh'), 'OPHION_DRAIN_S']);

/** Reads the settings as the coordinator would, with files of the test in place of those that are mounted. */
function understood(env: Environment, file: (name: string) => string) {
  for (const name of Object.keys(env)) if (name !== 'POD_IP') expect([...known]).to.include(name);
  writeFileSync(file('client.json'), '[{ "name": "a", "token": "t", "scopes": [] }]');
  return settingsOf({ ...env, OPHION_CLIENT_TOKENS: file('client.json') });
}

describe('compose.yaml', () => {
  const file = useFolder();
  const [compose] = documents('deploy/compose.yaml') as [Compose];
  const service = (name: string) => compose.services[name] as Required<ComposeService>;
  const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)?.[1]);

  it('gives coordinators what they read', () => {
    for (const name of ['coordinator-1', 'coordinator-2']) {
      const settings = understood(service(name).environment, file);
      expect(settings).to.include({ advertise: `${name}:7443`, port: 7400, joinPort: 7443, insecure: true });
      expect(settings.redis).to.deep.equal({ url: 'redis://redis:6379' });
      expect(seconds(service(name).stop_grace_period) * 1_000).to.be.at.least(settings.drainMs + 10_000);
      // Either has a worker, and the loss of one leaves a place for most.
      const { replicas } = service('worker').deploy;
      expect(settings.maxWorkers)
        .to.be.at.least(replicas / 2)
        .and.below(replicas);
    }
  });

  it('gives workers what they read, and more time than they take', () => {
    const { environment, stop_grace_period: grace } = service('worker');
    for (const name of Object.keys(environment)) expect([...knownByWorkers]).to.include(name);
    expect(environment.OPHION_JOIN).to.equal('http://balancer:7443');
    expect(seconds(grace)).to.be.at.least(Number(environment.OPHION_DRAIN_S) + 10);
    expect(environment.OPHION_MODULE).to.equal(service('coordinator-1').environment.OPHION_MODULE);
    expect(existsSync(join(root, 'deploy', 'tools', `${environment.OPHION_MODULE}.py`))).to.equal(true);
  });

  it('gives the balancer the names that its configuration reads', () => {
    const { environment, ports, volumes } = service('balancer');
    const wanted = [...settingsIn('deploy/haproxy.cfg')].sort();
    expect(Object.keys(environment).sort()).to.deep.equal(wanted);
    for (const index of ['1', '2']) {
      expect(environment[`OPHION_SERVICES_${index}`]).to.equal(`coordinator-${index}:7400`);
      expect(environment[`OPHION_JOINS_${index}`]).to.equal(`coordinator-${index}:7443`);
    }
    expect(ports).to.deep.equal(['127.0.0.1:7400:7400']);
    expect(volumes[0]).to.match(/^\.\/haproxy\.cfg:/);
  });

  it('mounts secrets that it has, builds from files that are there, and starts everything again', () => {
    for (const [name, one] of Object.entries(compose.services)) {
      expect(one.restart, name).to.equal('always');
      for (const secret of one.secrets ?? []) {
        expect(Object.keys(compose.secrets)).to.include(secret);
        expect(Object.values(one.environment ?? {})).to.include(`/run/secrets/${secret}`);
      }
      if (one.build === undefined) expect(one.image).to.match(/:[\d.]+-alpine$/);
      else expect(existsSync(join(root, one.build.dockerfile))).to.equal(true);
      for (const other of Array.isArray(one.depends_on) ? one.depends_on : Object.keys(one.depends_on ?? {}))
        expect(Object.keys(compose.services)).to.include(other);
    }
  });
});

describe('kubernetes.yaml', () => {
  const file = useFolder();
  const all = documents('deploy/kubernetes.yaml') as readonly Manifest[];
  const one = (kind: string, name: string) =>
    all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name) as Manifest;
  const deployments = all.filter(({ kind }) => kind === 'Deployment');
  const podOf = (name: string) => one('Deployment', name).spec.template;
  const [coordinator] = podOf('ophion-coordinator').spec.containers as [Container];
  const [worker] = podOf('ophion-worker').spec.containers as [Container];
  /** Made beforehand, with the keys that they need. */
  const secrets: Record<string, readonly string[]> = {
    'ophion-clients': ['tokens.json'],
    'ophion-joins': ['tokens', 'token'],
    'ophion-redis': ['REDIS_URL'],
    'ophion-tls': ['tls.crt', 'tls.key', 'ca.crt'],
  };

  it('gives coordinators what they read, over TLS', () => {
    const env: Environment = { ...one('ConfigMap', 'ophion').data, REDIS_URL: 'rediss://redis:6379' };
    for (const { name, value = '10.0.0.1' } of coordinator.env ?? [])
      env[name] = value.replace('$(POD_IP)', '10.0.0.1');
    const settings = understood(env, file);
    expect(settings).to.include({ advertise: '10.0.0.1:7443', insecure: false });
    expect(settings.tls).to.not.equal(undefined);
    const ports = Object.fromEntries(coordinator.ports.map((port) => [port.name, port.containerPort]));
    expect(ports).to.deep.equal({ services: settings.port, joins: settings.joinPort });
    const { preStop } = coordinator.lifecycle;
    const graceMs = podOf('ophion-coordinator').spec.terminationGracePeriodSeconds * 1_000;
    expect(graceMs).to.be.at.least(Number(preStop.exec.command[1]) * 1_000 + settings.drainMs + 10_000);
    const workers = one('Deployment', 'ophion-worker').spec.replicas;
    const coordinators = one('Deployment', 'ophion-coordinator').spec.replicas;
    expect(settings.maxWorkers)
      .to.be.at.least(workers / coordinators)
      .and.below(workers / (coordinators - 1));
  });

  it('gives workers what they read, and more time than they take', () => {
    const { data } = one('ConfigMap', 'ophion-worker');
    for (const name of Object.keys(data)) expect([...knownByWorkers]).to.include(name);
    expect(data.OPHION_MODULE).to.equal(one('ConfigMap', 'ophion').data.OPHION_MODULE);
    expect(podOf('ophion-worker').spec.terminationGracePeriodSeconds).to.be.at.least(Number(data.OPHION_DRAIN_S) + 10);
    const service = one('Service', 'ophion');
    const joins = service.spec.ports.find(({ name }) => name === 'joins');
    expect(data.OPHION_JOIN).to.equal(`https://${service.metadata.name}:${joins?.port}`);
  });

  it('selects the pods that it starts', () => {
    for (const { spec } of deployments) expect(spec.template.metadata.labels).to.include(spec.selector.matchLabels);
    const { labels } = podOf('ophion-coordinator').metadata;
    expect(labels).to.include(one('Service', 'ophion').spec.selector);
    expect(labels).to.include(one('PodDisruptionBudget', 'ophion-coordinator').spec.selector.matchLabels);
    expect(one('PodDisruptionBudget', 'ophion-coordinator').spec.minAvailable).to.be.below(
      one('Deployment', 'ophion-coordinator').spec.replicas,
    );
    const named = coordinator.ports.map(({ name }) => name);
    for (const port of one('Service', 'ophion').spec.ports) expect(named).to.include(port.targetPort);
  });

  it('takes settings and secrets from what is there, and mounts what the settings name', () => {
    for (const [container, template] of [
      [coordinator, podOf('ophion-coordinator')],
      [worker, podOf('ophion-worker')],
    ] as const) {
      const settings: Environment = {};
      for (const { configMapRef, secretRef } of container.envFrom) {
        if (secretRef !== undefined) expect(Object.keys(secrets)).to.include(secretRef.name);
        else Object.assign(settings, one('ConfigMap', configMapRef?.name ?? '').data);
      }
      const files = new Set<string>();
      for (const { name, mountPath } of container.volumeMounts) {
        const secret = template.spec.volumes.find((volume) => volume.name === name)?.secret;
        if (secret === undefined) continue;
        const keys = secrets[secret.secretName] as readonly string[];
        for (const key of secret.items?.map((item) => item.key) ?? keys) {
          expect(keys).to.include(key);
          files.add(`${mountPath}/${key}`);
        }
      }
      for (const value of Object.values(settings)) if (value.startsWith('/etc/')) expect([...files]).to.include(value);
    }
  });

  it('asks after their health with programs that are there, and lets nobody be more than he has to', () => {
    for (const probe of [coordinator.startupProbe, coordinator.readinessProbe, coordinator.livenessProbe])
      expect(probe.exec.command).to.deep.equal(['node', 'node_modules/ophion/dist/deploy/health.js']);
    expect(worker.readinessProbe.exec.command).to.deep.equal(['test', '-e', '/tmp/ready']);
    expect(read('deploy/worker.Dockerfile')).to.include('OPHION_READY_FILE=/tmp/ready');
    for (const { spec } of deployments) {
      expect(spec.template.spec.securityContext.runAsNonRoot).to.equal(true);
      expect(spec.template.spec.automountServiceAccountToken).to.equal(false);
      for (const { securityContext, resources, image } of spec.template.spec.containers) {
        expect(securityContext).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(resources.requests)).to.deep.equal(['cpu', 'memory']);
        expect(resources.limits).to.have.property('memory');
        expect(existsSync(join(root, 'deploy', `${image.replace('ophion-', '')}.Dockerfile`))).to.equal(true);
      }
    }
  });
});
