// The peer: node-oidc-provider on Redis, asked by the same requests as the server. The benchmark starts it with REDIS_URL
// and WORKERS, and it tells its address as the server does.
import cluster from 'node:cluster';
import http from 'node:http';
import { Redis } from 'ioredis';
import Provider from 'oidc-provider';

const HOUR = 3600;
const MONTH = 30 * 24 * HOUR;
const SCOPE = 'read offline_access';
const OF_A_GRANT = new Set(['AccessToken', 'RefreshToken']);

// What the adapter among the library's examples sends to Redis, command for command.
const adapterOn = (redis) => class {
  constructor(kind) {
    this.kind = kind;
    this.isConsumed = kind === 'RefreshToken';
  }

  key = (id) => `${this.kind}:${id}`;

  async upsert(id, payload, expiresIn) {
    const [key, text] = [this.key(id), JSON.stringify(payload)];
    const change = redis.multi();
    if (this.isConsumed) change.hset(key, { payload: text });
    else change.set(key, text);
    if (expiresIn) change.expire(key, expiresIn);
    if (OF_A_GRANT.has(this.kind) && payload.grantId) {
      const grant = `grant:${payload.grantId}`;
      change.rpush(grant, key);
      if (expiresIn > await redis.ttl(grant)) change.expire(grant, expiresIn);
    }
    await change.exec();
  }

  async find(id) {
    if (!this.isConsumed) return JSON.parse(await redis.get(this.key(id))) ?? undefined;
    const { payload, ...marks } = await redis.hgetall(this.key(id));
    return payload && { ...marks, ...JSON.parse(payload) };
  }

  consume = (id) => redis.hset(this.key(id), 'consumed', Math.floor(Date.now() / 1000));

  destroy = (id) => redis.del(this.key(id));

  async revokeByGrantId(id) {
    const grant = `grant:${id}`;
    const change = redis.multi();
    for (const key of await redis.lrange(grant, 0, -1)) change.del(key);
    await change.del(grant).exec();
  }
};

const client = (id, grants, more = { redirect_uris: [], response_types: [] }) => (
  { client_id: id, client_secret: `${id}-secret`, grant_types: grants, scope: SCOPE, ...more });

const settings = (redis) => ({
  adapter: adapterOn(redis),
  clients: [
    client('demo-service', ['client_credentials']),
    client('demo-session', ['authorization_code', 'refresh_token'], { redirect_uris: ['https://app.example/'] }),
    client('demo-api', ['client_credentials']),
  ],
  cookies: { keys: ['never used, for nobody signs in'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  rotateRefreshToken: true,
  routes: { token: '/oauth/token', introspection: '/oauth/introspect', revocation: '/oauth/revoke' },
  scopes: SCOPE.split(' '),
  ttl: { AccessToken: HOUR, ClientCredentials: HOUR, Grant: MONTH, RefreshToken: MONTH },
});

// What consent and a code leave behind, made by the library's own classes, for there is no browser to give the one.
async function begin(provider, context) {
  const given = { accountId: 'person', client: await provider.Client.find('demo-session') };
  const grant = new provider.Grant({ accountId: given.accountId, clientId: given.client.clientId });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const token = new provider.RefreshToken({ ...given, grantId, gty: 'authorization_code', scope: SCOPE, rotations: 0 });
  context.body = { refresh_token: await token.save() };
}

if (cluster.isPrimary) {
  const workers = Array.from({ length: Number(process.env.WORKERS) }, () => cluster.fork());
  const addresses = await Promise.all(workers.map((worker) => new Promise((told) => worker.once('listening', told))));
  console.log(`listening on http://127.0.0.1:${addresses[0].port}`);
  cluster.on('exit', () => process.exit(1)); // With a worker less it would be slow for no fault of its own.
  process.once('SIGTERM', () => process.exit()); // The workers end with it.
} else {
  const redis = new Redis(process.env.REDIS_URL, { keyPrefix: 'oidc:', enableAutoPipelining: true });
  const provider = new Provider('http://localhost', settings(redis));
  provider.use((context, next) => (context.path === '/begin' ? begin(provider, context) : next()));
  http.createServer(provider.callback()).listen(0, '127.0.0.1');
}
