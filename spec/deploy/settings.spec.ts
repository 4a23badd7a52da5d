import { utimesSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { SettingError, settingsOf } from '../../deploy/settings.ts';
import { useFolder } from '../helpers/use-folder.ts';

const secret = 'a-secret-that-stands-in-no-message';

describe('the settings of a coordinator', () => {
  const file = useFolder();
  const env = (more: Readonly<Record<string, string>> = {}) => {
    writeFileSync(file('client.json'), JSON.stringify([{ name: 'me', token: secret, scopes: ['read'] }]));
    return {
      OPHION_MODULE: 'tools',
      OPHION_CLIENT_TOKENS: file('client.json'),
      OPHION_JOIN_TOKENS: file('join.tokens'),
      ...more,
    };
  };
  const errorOf = (given: Readonly<Record<string, string>>): SettingError => {
    try {
      settingsOf(given);
    } catch (error) {
      if (error instanceof SettingError) return error;
    }
    throw new Error('nothing was wrong');
  };

  it('need three names, and have a default for the rest', () => {
    const { clientTokens, ...settings } = settingsOf(env({ OPHION_POOL: ' ' }));
    expect(clientTokens()).to.have.length(1);
    expect(settings).to.deep.equal({
      module: 'tools',
      pool: 'default',
      host: '0.0.0.0',
      port: 7400,
      joinPort: 7443,
      advertise: undefined,
      names: [],
      joinTokens: file('join.tokens'),
      tls: undefined,
      workerCa: undefined,
      insecure: false,
      maxWorkers: 64,
      capacity: 1,
      leaseMs: 15_000,
      maxAgeMs: 3_600_000,
      drainMs: 20_000,
      maxConnections: 1_024,
      clientRequests: 1_000,
      clientStreams: 256,
      streams: 4_096,
      maxSessions: 10_000_000,
      redis: undefined,
    });
    for (const missing of ['OPHION_MODULE', 'OPHION_CLIENT_TOKENS', 'OPHION_JOIN_TOKENS']) {
      const error = errorOf(env({ [missing]: '' }));
      expect([error.code, error.variable]).to.deep.equal(['missing_setting', missing]);
      expect(error.message).to.match(new RegExp(`^${missing} is missing: the `));
    }
  });

  for (const [variable, value, code] of [
    ['OPHION_PORT', '65536', 'wrong_setting'],
    ['OPHION_JOIN_PORT', '-1', 'wrong_setting'],
    ['OPHION_MAX_WORKERS', '0', 'wrong_setting'],
    ['OPHION_CAPACITY', '1.5', 'wrong_setting'],
    ['OPHION_LEASE_MS', '999', 'wrong_setting'],
    ['OPHION_MAX_AGE_MS', '1h', 'wrong_setting'],
    ['OPHION_DRAIN_MS', '0', 'wrong_setting'],
    ['OPHION_MAX_CONNECTIONS', 'many', 'wrong_setting'],
    ['OPHION_CLIENT_REQUESTS', '0', 'wrong_setting'],
    ['OPHION_CLIENT_STREAMS', '0', 'wrong_setting'],
    ['OPHION_STREAMS', '0', 'wrong_setting'],
    ['OPHION_INSECURE', 'yes', 'wrong_setting'],
    ['REDIS_URL', 'redis:6379', 'wrong_setting'],
    ['REDIS_CLUSTER', 'a:1,b', 'wrong_setting'],
  ] as const)
    it(`name ${variable} when it is ${value}`, () => {
      const error = errorOf(env({ [variable]: value }));
      expect([error.code, error.variable]).to.deep.equal([code, variable]);
    });

  it('take certificate and key together, and one kind of Redis', () => {
    expect(errorOf(env({ OPHION_TLS_CERT: 'c' })).variable).to.equal('OPHION_TLS_KEY');
    expect(errorOf(env({ OPHION_TLS_KEY: 'k' })).variable).to.equal('OPHION_TLS_CERT');
    expect(settingsOf(env({ REDIS_URL: 'rediss://r' })).redis).to.deep.equal({ url: 'rediss://r' });
    expect(settingsOf(env({ REDIS_CLUSTER: 'a:1,b:2', REDIS_PASSWORD: 'p' })).redis).to.deep.equal({
      cluster: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
      options: { password: 'p' },
    });
    expect(errorOf(env({ REDIS_CLUSTER: 'a:1', REDIS_URL: 'redis://r' })).variable).to.equal('REDIS_CLUSTER');
  });

  it('read tokens anew when their file has changed, and name the file when it is wrong, not what is in it', () => {
    const { clientTokens } = settingsOf(env());
    expect(clientTokens()).to.equal(clientTokens());
    for (const [index, [text, why]] of [
      [`[{ "token": "${secret}"`, /which is no JSON$/],
      ['{}', /it is no list of tokens$/],
    ].entries() as IterableIterator<[number, [string, RegExp]]>) {
      writeFileSync(file('client.json'), text);
      utimesSync(file('client.json'), index + 1, index + 1);
      expect(clientTokens).to.throw(SettingError, why).with.property('message').that.does.not.include(secret);
    }
    const error = errorOf(env({ OPHION_CLIENT_TOKENS: file('nowhere') }));
    expect(error.message).to.match(/^OPHION_CLIENT_TOKENS names .*nowhere, which cannot be read: ENOENT/);
  });
});
